/// The text clean-up of BERT, scalar by scalar: `BertNormalizer` of a `tokenizer.json`.
package struct BertNormalizer: Sendable, Equatable {
  /// Remove control characters and turn every kind of white space into a space.
  package let cleansText: Bool
  /// Put spaces around ideographs.
  package let separatesIdeographs: Bool
  /// Decompose and remove nonspacing marks.
  package let stripsAccents: Bool
  /// Map to lower case, scalar by scalar.
  package let lowercases: Bool

  /// - Parameter stripsAccents: nil follows `lowercases`, as a null `strip_accents` does.
  package init(cleansText: Bool, separatesIdeographs: Bool, stripsAccents: Bool?, lowercases: Bool) {
    self.cleansText = cleansText
    self.separatesIdeographs = separatesIdeographs
    self.stripsAccents = stripsAccents ?? lowercases
    self.lowercases = lowercases
  }

  /// The scalars of `text` in normal form.
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
    return lowercases ? Self.lowercased(output) : output
  }

  private static func lowercased(_ scalars: [UInt32]) -> [UInt32] {
    var output: [UInt32] = []
    output.reserveCapacity(scalars.count)
    for scalar in scalars {
      if scalar < 0x80 {
        output.append(0x41...0x5A ~= scalar ? scalar + 0x20 : scalar)
      } else if ScalarTraits.of(scalar).contains(.hasLowercase), let valid = Unicode.Scalar(scalar) {
        output += valid.properties.lowercaseMapping.unicodeScalars.map(\.value)
      } else {
        output.append(scalar)
      }
    }
    return output
  }
}
