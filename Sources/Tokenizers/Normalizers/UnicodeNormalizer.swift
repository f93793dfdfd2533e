import Checkpoints

/// A normal form of Unicode as a type of its own: `NFC`, `NFD`, `NFKC` or `NFKD`.
struct UnicodeNormalizer<Form: UnicodeNormalizerForm>: Normalizer {
  static var typeName: String { Form.form.rawValue }

  init() {}

  init(_ section: TokenizerSection) throws(TokenizerError) { try section.requireKeys(["type"]) }

  var meaning: JSON { ["type": .string(Self.typeName)] }

  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32] { Form.form.normalize(text) }
}

/// Names the form of a ``UnicodeNormalizer``.
protocol UnicodeNormalizerForm: Sendable {
  static var form: NormalForm { get }
}

enum NFC: UnicodeNormalizerForm { static let form = NormalForm.nfc }
enum NFD: UnicodeNormalizerForm { static let form = NormalForm.nfd }
enum NFKC: UnicodeNormalizerForm { static let form = NormalForm.nfkc }
enum NFKD: UnicodeNormalizerForm { static let form = NormalForm.nfkd }
