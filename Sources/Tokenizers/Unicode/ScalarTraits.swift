/// What the BERT normaliser and pre-tokeniser ask about one Unicode scalar.
///
/// General categories are those of Unicode 8.0, because that is what Hugging Face `tokenizers` uses (its crate
/// `unicode_categories` stopped there): a scalar that is younger has no category and is neither control, punctuation
/// nor mark. Swift knows the current categories and the age of each scalar; the seven scalars whose category was
/// changed after 8.0 are listed. White space and case mappings are current in both. All 1 112 064 scalars were
/// compared.
struct ScalarTraits: OptionSet {
  let rawValue: UInt8

  /// Removed by `clean_text`: categories Cc, Cf and Co without tab, line feed and carriage return; U+0000; U+FFFD.
  static let removed = ScalarTraits(rawValue: 1 << 0)
  /// Property White_Space.
  static let whiteSpace = ScalarTraits(rawValue: 1 << 1)
  /// ASCII punctuation and symbols, and the categories P*.
  static let punctuation = ScalarTraits(rawValue: 1 << 2)
  /// An ideograph that becomes a word of its own.
  static let ideograph = ScalarTraits(rawValue: 1 << 3)
  /// Category Mn: removed when accents are stripped.
  static let nonspacingMark = ScalarTraits(rawValue: 1 << 4)
  /// Its lower case is something else.
  static let hasLowercase = ScalarTraits(rawValue: 1 << 5)

  /// Scalars below this have their traits looked up; those above, mostly ideographs, are asked about one at a time.
  private static let tabulated: UInt32 = 0x3100
  private static let table: [ScalarTraits] = (0..<tabulated).map { ScalarTraits(computing: $0) }

  /// The traits of `scalar`, a valid scalar value.
  @inline(__always)
  static func of(_ scalar: UInt32) -> ScalarTraits {
    scalar < tabulated ? table[Int(scalar)] : ScalarTraits(computing: scalar)
  }

  init(rawValue: UInt8) { self.rawValue = rawValue }

  private init(computing value: UInt32) {
    var traits: ScalarTraits = []
    if Self.isIdeograph(value) { traits.insert(.ideograph) }
    if (0x3400...0x9FFF).contains(value) || (0xAC00...0xD7A3).contains(value) {
      // Ideographs, hexagrams, Hangul syllables and unassigned gaps: nothing else applies.
      self = traits
      return
    }
    guard let scalar = Unicode.Scalar(value) else {
      self = traits
      return
    }
    let properties = scalar.properties
    if properties.isWhitespace { traits.insert(.whiteSpace) }
    if properties.lowercaseMapping.unicodeScalars.first?.value != value { traits.insert(.hasLowercase) }
    if value == 0 || value == 0xFFFD { traits.insert(.removed) }
    switch value < 0x80 && isASCIISymbol(value) ? .otherPunctuation : Self.category(of: scalar) {
    case .control, .format, .privateUse:
      if ![0x09, 0x0A, 0x0D].contains(value) { traits.insert(.removed) }
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      traits.insert(.punctuation)
    case .nonspacingMark: traits.insert(.nonspacingMark)
    default: break
    }
    self = traits
  }

  /// The general category in Unicode 8.0; `unassigned` for scalars that are younger.
  private static func category(of scalar: Unicode.Scalar) -> Unicode.GeneralCategory {
    switch scalar.value {
    case 0x166D, 0x111C9: return .otherPunctuation
    case 0x1734, 0x1171E: return .nonspacingMark
    case 0x1885, 0x1886: return .otherLetter
    case 0xA9BD: return .spacingMark
    default: break
    }
    guard let age = scalar.properties.age, age.major <= 8 else { return .unassigned }
    return scalar.properties.generalCategory
  }

  /// The blocks of `is_chinese_char` as `tokenizers` has them. Its fifth range begins at U+2B920 where BERT's original
  /// code says U+2B820; the ids must be the same, so the gap stays.
  private static func isIdeograph(_ value: UInt32) -> Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B81F, 0x2B920...0x2CEAF, 0xF900...0xFAFF,
      0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}

/// Whether an ASCII value is one of the 32 printable characters that are neither letter, digit nor space.
private func isASCIISymbol(_ value: UInt32) -> Bool {
  switch value {
  case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
  default: false
  }
}
