import Checkpoints
import LinearAlgebra

/// The keys of `config.json` by which a family says in which of several ways it computes.
package struct VariantKeys: Sendable {
  package typealias Difference = (key: String, here: String, there: String)

  /// The keys that are read.
  let names: [String]
  /// Reads them, and refuses what is not computed. The configuration has its sizes by then.
  let read: @Sendable (ModelConfiguration, EncoderConfiguration) throws -> EncoderConfiguration.Variant
  /// What two encoders must have in common for their weights to be averaged, as keys and values; what belongs to the
  /// head is not among it.
  let common: @Sendable (EncoderConfiguration.Variant) -> [(key: String, value: String)]
  /// What two heads must have in common besides.
  let commonToHeads: @Sendable (EncoderConfiguration.Variant) -> [(key: String, value: String)]

  init(
    names: [String],
    read: @escaping @Sendable (ModelConfiguration, EncoderConfiguration) throws -> EncoderConfiguration.Variant,
    common: @escaping @Sendable (EncoderConfiguration.Variant) -> [(key: String, value: String)],
    commonToHeads: @escaping @Sendable (EncoderConfiguration.Variant) -> [(key: String, value: String)] = { _ in [] }
  ) {
    self.names = names
    self.read = read
    self.common = common
    self.commonToHeads = commonToHeads
  }

  /// The first key in which two variants differ.
  func firstDifference(
    _ here: EncoderConfiguration.Variant, _ there: EncoderConfiguration.Variant
  ) -> Difference? {
    Self.first(common(here), common(there))
  }

  func firstHeadDifference(
    _ here: EncoderConfiguration.Variant, _ there: EncoderConfiguration.Variant
  ) -> Difference? {
    Self.first(commonToHeads(here), commonToHeads(there))
  }

  private static func first(
    _ here: [(key: String, value: String)], _ there: [(key: String, value: String)]
  ) -> Difference? {
    zip(here, there).first { $0.value != $1.value }.map { ($0.key, $0.value, $1.value) }
  }
}

extension ModelConfiguration {
  /// An integer of at least 1.
  func size(_ key: String, default fallback: Int) throws -> Int {
    let value = try integer(key, default: fallback)
    guard (1...EncoderConfiguration.largestSize).contains(value) else {
      throw ModelError.impossibleSize(path, key: key, value: value)
    }
    return value
  }

  /// A refusal of a key's value.
  ///
  /// - Parameter value: what stands for a value that would be long to read.
  func unsupported(_ key: String, value: String? = nil, supported: String) -> ModelError {
    let found = json[key]
    return .unsupported(
      path, key: key, value: value ?? found?.string ?? found?.serialized(indentation: nil) ?? "no such key",
      supported: supported)
  }
}
