import Checkpoints

/// Maps to lower case, scalar by scalar.
struct Lowercase: Normalizer {
  static let typeName = "Lowercase"

  init() {}

  init(_ section: TokenizerSection) throws(TokenizerError) { try section.requireKeys(["type"]) }

  var meaning: JSON { ["type": .string(Self.typeName)] }

  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32] {
    var output: [UInt32] = []
    output.reserveCapacity(text.count)
    for scalar in text {
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
