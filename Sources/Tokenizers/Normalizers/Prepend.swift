import Checkpoints

/// Puts a text before every text that is not empty.
struct Prepend: Normalizer {
  static let typeName = "Prepend"

  let prefix: String

  init(_ prefix: String) { self.prefix = prefix }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["type", "prepend"])
    self.init(try section.string("prepend"))
  }

  var meaning: JSON { ["prepend": .string(prefix), "type": .string(Self.typeName)] }

  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32] { text.isEmpty ? [] : scalars(of: prefix) + text }
}
