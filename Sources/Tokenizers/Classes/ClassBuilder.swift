import Checkpoints

/// What a tokenizer class of transformers makes of a vocabulary and of `tokenizer_config.json`, whatever else
/// `tokenizer.json` has.
protocol ClassBuilder: Sendable {
  /// What the vocabulary is for, as `model.type` names it.
  static var modelName: String { get }
  /// The file that holds the vocabulary where there is no `tokenizer.json`.
  static var vocabularyFile: String { get }
  /// The usual texts of the special tokens by role, where no file says otherwise.
  static var specialTokens: [String: String] { get }
  /// Whether the mask takes the white space on its left where no file says otherwise.
  static var maskStripsLeft: Bool { get }
  /// Whether ``specialTokens`` that the vocabulary lacks are added to it, as transformers does for every class. Where
  /// not, they are no tokens, so that a model without rows for them can be used; their ids stay free.
  static var addsMissingTokens: Bool { get }
  /// Whether the template of a `tokenizer.json` is taken.
  static var takesTemplate: Bool { get }
  /// Special tokens without a role where no file names any.
  static var extraTokens: [String] { get }

  /// The vocabulary that the class makes of the pieces of a SentencePiece model.
  static func vocabulary(
    ofPieces pieces: [(token: String, score: Double)], _ settings: TokenizerSettings
  ) throws(TokenizerError) -> [(token: String, score: Double)]

  static func parts(
    _ vocabulary: ClassVocabulary, _ settings: TokenizerSettings
  ) throws(TokenizerError) -> ClassParts
}

extension ClassBuilder {
  static var maskStripsLeft: Bool { false }
  static var addsMissingTokens: Bool { false }
  static var takesTemplate: Bool { false }
  static var extraTokens: [String] { [] }

  static func vocabulary(
    ofPieces pieces: [(token: String, score: Double)], _ settings: TokenizerSettings
  ) throws(TokenizerError) -> [(token: String, score: Double)] { pieces }

  /// The id of the special token with the role `name`, for a template.
  static func id(
    of name: String, _ role: String, _ settings: TokenizerSettings, _ model: any TokenModel, _ file: String
  ) throws(TokenizerError) -> Int32 {
    let token = try settings.text(of: name, default: specialTokens[name] ?? "")
    guard let id = model.id(of: token) else { throw .missingToken(file: file, token: token, role: role) }
    return id
  }
}

/// The parts that a class builds.
struct ClassParts {
  let normalizer: any Normalizer
  let preTokenizer: any PreTokenizer
  let model: any TokenModel
  let template: SpecialTokenTemplate
}
