/// The keys of `config.json` that a family's computation depends on, and what the family's class takes where one is
/// absent.
package struct ConfigurationKeys: Sendable {
  package struct Size: Sendable {
    let name: String
    /// What an absent key means.
    let fallback: Int

    init(_ name: String, default fallback: Int) {
      self.name = name
      self.fallback = fallback
    }
  }

  package struct Number: Sendable {
    let name: String
    /// What an absent key means.
    let fallback: Double

    init(_ name: String, default fallback: Double) {
      self.name = name
      self.fallback = fallback
    }
  }

  /// A key that changes the computation, and the one value that is computed; every other is refused.
  package struct Choice: Sendable {
    let name: String
    let computed: String
    /// What an absent key means.
    let fallback: String

    init(_ name: String, computed: String, default fallback: String) {
      self.name = name
      self.computed = computed
      self.fallback = fallback
    }
  }

  let layers: Size
  let hidden: Size
  let heads: Size
  let intermediate: Size
  let vocabulary: Size
  let positions: Size
  let tokenTypes: Size
  let layerNormEpsilon: Number
  let choices: [Choice]

  /// The sizes that have to be the same where weights are averaged.
  var sizes: [(key: Size, size: KeyPath<EncoderConfiguration, Int>)] {
    [
      (vocabulary, \.vocabulary), (hidden, \.hidden), (layers, \.layers), (heads, \.heads),
      (intermediate, \.intermediate), (positions, \.positions), (tokenTypes, \.tokenTypes),
    ]
  }
}
