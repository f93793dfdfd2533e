import Checkpoints
import Diagnostics

/// Why a model's tokenizer files cannot be used. Keys are written as paths, such as `model.vocab` or
/// `added_tokens[2].id`.
package enum TokenizerError: DiagnosedError, Equatable {
  /// - Parameter file: what is read where there is no tokenizer.json.
  case noTokenizer(directory: String, file: String = "vocab.txt")
  case unreadable(file: String, reason: String)
  case invalidJSON(file: String, JSONError)
  case invalidUTF8(file: String, line: Int)
  /// More of something than any BERT has.
  case tooLarge(file: String, what: String)
  case missingKey(file: String, key: String)
  case wrongType(file: String, key: String, expected: String)
  /// A key that this program does not know: it might change the ids.
  case unknownKey(file: String, key: String)
  /// A value that this program does not implement.
  case unsupported(file: String, key: String, value: String, supported: String)
  /// A token that the model cannot do without is not in the vocabulary.
  case missingToken(file: String, token: String, role: String)
  /// An added token's id is not the one that the vocabulary gives it.
  case wrongTokenID(file: String, key: String, token: String, stated: Int, actual: Int)
  case emptyToken(file: String, key: String)
  case repeatedToken(file: String, key: String, token: String)

  package var subject: String {
    switch self {
    case .noTokenizer(let directory, _): directory
    case .invalidUTF8(let file, let line): "\(file):\(line)"
    case .unreadable(let file, _), .tooLarge(let file, _), .invalidJSON(let file, _), .missingKey(let file, _),
      .wrongType(let file, _, _),
      .unknownKey(let file, _), .unsupported(let file, _, _, _), .missingToken(let file, _, _),
      .wrongTokenID(let file, _, _, _, _), .emptyToken(let file, _), .repeatedToken(let file, _, _):
      file
    }
  }

  package var problem: String {
    switch self {
    case .noTokenizer(_, let file): "there is neither tokenizer.json nor \(file)"
    case .unreadable(_, let reason): "cannot be read: \(reason)"
    case .invalidJSON(_, let error): "\(error)"
    case .invalidUTF8: "the line is not valid UTF-8"
    case .tooLarge(_, let what): what
    case .missingKey(_, let key): "the key \(key) is missing"
    case .wrongType(_, let key, let expected): "\(key) is not \(expected)"
    case .unknownKey(_, let key): "the key \(key) is not known, and it might change how text is tokenised"
    case .unsupported(_, let key, let value, let supported): "\(key) is \(value); supported: \(supported)"
    case .missingToken(_, let token, let role): "the vocabulary has no \"\(token)\", the \(role)"
    case .wrongTokenID(_, let key, let token, let stated, let actual):
      "\(key) is \(stated) for \"\(token)\", but the vocabulary makes it \(actual)"
    case .emptyToken(_, let key): "\(key) is empty after normalisation"
    case .repeatedToken(_, let key, let token): "\(key) adds \"\(token)\" a second time"
    }
  }

  package var remedy: String {
    switch self {
    case .noTokenizer, .unreadable: "copy the tokenizer files of the base model into the model's directory"
    case .invalidJSON, .invalidUTF8, .tooLarge, .missingKey, .wrongType, .missingToken, .wrongTokenID, .emptyToken,
      .repeatedToken:
      "restore the file from the base model, or save the tokenizer again with transformers"
    case .unknownKey, .unsupported:
      "save the tokenizer again with transformers, or use a model whose tokenizer has supported parts only"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .noTokenizer, .unreadable: .missingInput
    default: .badInput
    }
  }
}
