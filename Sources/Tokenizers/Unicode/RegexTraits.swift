/// What the regular expressions of pre-tokenisers, and StripAccents, ask about one Unicode scalar.
///
/// Letters, numbers and word characters are those of Unicode 16.0, the version of the expressions that `tokenizers`
/// 0.23 runs; marks are those of Unicode 9.0, the version of its normal forms. Swift knows the current categories and
/// the age of each scalar. All 1 112 064 scalars were compared.
struct RegexTraits: OptionSet {
  let rawValue: UInt8

  /// `\p{L}`
  static let letter = RegexTraits(rawValue: 1 << 0)
  /// `\p{N}`
  static let number = RegexTraits(rawValue: 1 << 1)
  /// `\w`: alphabetic, marks, decimal digits, connectors and join controls (UTS #18, annex C).
  static let word = RegexTraits(rawValue: 1 << 2)
  /// `\s`: property White_Space.
  static let whiteSpace = RegexTraits(rawValue: 1 << 3)
  /// `\p{M}`
  static let mark = RegexTraits(rawValue: 1 << 4)

  private static let tabulated: UInt32 = 0x3100
  private static let table: [RegexTraits] = (0..<tabulated).map { RegexTraits(computing: $0) }

  /// The traits of `scalar`, a valid scalar value.
  @inline(__always)
  static func of(_ scalar: UInt32) -> RegexTraits {
    scalar < tabulated ? table[Int(scalar)] : RegexTraits(computing: scalar)
  }

  init(rawValue: UInt8) { self.rawValue = rawValue }

  private init(computing value: UInt32) {
    if (0x4E00...0x9FFF).contains(value) || (0xAC00...0xD7A3).contains(value) {
      self = [.letter, .word]
      return
    }
    var traits: RegexTraits = []
    guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age else {
      self = traits
      return
    }
    let properties = scalar.properties
    if properties.isWhitespace { traits.insert(.whiteSpace) }
    guard age.major <= 16 else {
      self = traits
      return
    }
    if properties.isAlphabetic || properties.isJoinControl { traits.insert(.word) }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: traits.insert(.letter)
    case .decimalNumber: traits.formUnion([.number, .word])
    case .letterNumber, .otherNumber: traits.insert(.number)
    case .connectorPunctuation: traits.insert(.word)
    case .nonspacingMark, .spacingMark, .enclosingMark:
      traits.insert(.word)
      // U+111C9 became a mark after version 9.
      if age.major <= 9 && value != 0x111C9 { traits.insert(.mark) }
    default: break
    }
    // They ceased to be marks after version 9.
    if value == 0x1CF2 || value == 0x1CF3 { traits.insert(.mark) }
    self = traits
  }
}
