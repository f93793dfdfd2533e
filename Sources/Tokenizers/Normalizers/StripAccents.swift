import Checkpoints

/// Removes marks. It decomposes nothing: a file puts `NFD` or `NFKD` before it.
struct StripAccents: Normalizer {
  static let typeName = "StripAccents"

  init() {}

  init(_ section: TokenizerSection) throws(TokenizerError) { try section.requireKeys(["type"]) }

  var meaning: JSON { ["type": .string(Self.typeName)] }

  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32] {
    text.filter { $0 < 0x300 || !RegexTraits.of($0).contains(.mark) }
  }
}
