import Checkpoints

/// The text clean-up of BERT, scalar by scalar.
struct BertNormalizer: Normalizer {
  static let typeName = "BertNormalizer"

  /// Remove control characters and turn every kind of white space into a space.
  let cleansText: Bool
  /// Put spaces around ideographs.
  let separatesIdeographs: Bool
  /// Decompose and remove nonspacing marks.
  let stripsAccents: Bool
  /// Map to lower case, scalar by scalar.
  let lowercases: Bool

  /// - Parameter stripsAccents: nil follows `lowercases`, as a null `strip_accents` does.
  init(cleansText: Bool, separatesIdeographs: Bool, stripsAccents: Bool?, lowercases: Bool) {
    self.cleansText = cleansText
    self.separatesIdeographs = separatesIdeographs
    self.stripsAccents = stripsAccents ?? lowercases
    self.lowercases = lowercases
  }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"])
    self.init(
      cleansText: try section.bool("clean_text"), separatesIdeographs: try section.bool("handle_chinese_chars"),
      stripsAccents: try section.optionalBool("strip_accents"), lowercases: try section.bool("lowercase"))
  }

  var meaning: JSON {
    [
      "clean_text": .bool(cleansText), "handle_chinese_chars": .bool(separatesIdeographs),
      "lowercase": .bool(lowercases), "strip_accents": .bool(stripsAccents), "type": .string(Self.typeName),
    ]
  }

  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32] {
    var output: [UInt32] = []
    output.reserveCapacity(text.count + 16)
    var mayNeedOrder = false
    for scalar in text {
      let traits = ScalarTraits.of(scalar)
      if cleansText {
        if traits.contains(.removed) { continue }
        if traits.contains(.whiteSpace) {
          output.append(0x20)
          continue
        }
      }
      let isSeparated = separatesIdeographs && traits.contains(.ideograph)
      if isSeparated { output.append(0x20) }
      if stripsAccents {
        if scalar >= 0x300 { mayNeedOrder = true }
        CanonicalDecomposition.append(scalar, to: &output)
      } else {
        output.append(scalar)
      }
      if isSeparated { output.append(0x20) }
    }
    if mayNeedOrder { CanonicalDecomposition.orderMarks(in: &output) }
    if stripsAccents { output.removeAll { $0 >= 0x300 && ScalarTraits.of($0).contains(.nonspacingMark) } }
    return lowercases ? Lowercase().normalize(output[...]) : output
  }
}
