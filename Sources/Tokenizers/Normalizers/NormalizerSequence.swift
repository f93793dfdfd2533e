import Checkpoints

/// Normalisers one after the other; none at all where the file has null.
struct NormalizerSequence: Normalizer {
  static let typeName = "Sequence"

  let normalizers: [any Normalizer]

  /// - Parameter normalizers: a sequence among them is taken apart.
  init(_ normalizers: [any Normalizer]) {
    self.normalizers = normalizers.flatMap { ($0 as? NormalizerSequence)?.normalizers ?? [$0] }
  }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["type", "normalizers"])
    var parts: [any Normalizer] = []
    for (index, json) in try section.array("normalizers").enumerated() {
      parts.append(try section.section("normalizers", index, json).normalizer())
    }
    self.init(parts)
  }

  var meaning: JSON {
    if normalizers.count == 1 { return normalizers[0].meaning }
    return ["normalizers": .array(normalizers.map(\.meaning)), "type": .string(Self.typeName)]
  }

  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32] {
    normalizers.reduce(Array(text)) { $1.normalize($0[...]) }
  }

  func normalizedCount(of count: Int, in text: ArraySlice<UInt32>) -> Int {
    var (count, text) = (count, Array(text))
    for normalizer in normalizers where count > 0 {
      count = normalizer.normalizedCount(of: count, in: text[...])
      text = normalizer.normalize(text[...])
    }
    return count
  }
}
