import Diagnostics
import SystemPackage

/// Why a recipe cannot be followed as it is written.
package enum RecipeError: DiagnosedError, Equatable {
  case unreadable(FilePath, reason: String)
  case invalidYAML(FilePath, line: Int, reason: String)
  case unknownKey(FilePath, line: Int, key: String, nearest: String?, known: [String])
  case repeatedKey(FilePath, line: Int, key: String)
  case missingKey(FilePath, line: Int, key: String)
  case wrongType(FilePath, line: Int, key: String, expected: String)
  case unknownValue(FilePath, line: Int, key: String, value: String, known: [String])
  /// A column's number that YAML takes for a comment.
  case commentedValue(FilePath, line: Int, value: String)
  case notApplicable(FilePath, line: Int, key: String, method: String)
  case outOfRange(FilePath, line: Int, key: String, value: String, allowed: String)
  case invalidName(FilePath, line: Int, name: String)
  case duplicateName(FilePath, line: Int, name: String)

  private var place: (path: FilePath, line: Int?) {
    switch self {
    case .unreadable(let path, _): (path, nil)
    case .invalidYAML(let path, let line, _), .unknownKey(let path, let line, _, _, _),
      .repeatedKey(let path, let line, _), .missingKey(let path, let line, _), .wrongType(let path, let line, _, _),
      .unknownValue(let path, let line, _, _, _), .notApplicable(let path, let line, _, _),
      .outOfRange(let path, let line, _, _, _), .invalidName(let path, let line, _),
      .duplicateName(let path, let line, _), .commentedValue(let path, let line, _):
      (path, line)
    }
  }

  package var subject: String { "\(place.path)" + (place.line.map { ":\($0)" } ?? "") }

  package var problem: String {
    switch self {
    case .unreadable(_, let reason): "the recipe cannot be read: \(reason)"
    case .invalidYAML(_, _, let reason): "this is no valid YAML: \(reason)"
    case .unknownKey(_, _, let key, _, _): "unknown key `\(key)`"
    case .repeatedKey(_, _, let key): "the key `\(key)` occurs twice"
    case .missingKey(_, _, let key): "the key `\(key)` is missing"
    case .wrongType(_, _, let key, let expected): "`\(key)` must be \(expected)"
    case .unknownValue(_, _, let key, let value, _): "`\(key)` cannot be \"\(value)\""
    case .commentedValue(_, _, let value): "`\(value)` is a comment in YAML, so that the value is missing"
    case .notApplicable(_, _, let key, let method): "`\(key)` has no meaning for merge_method \(method)"
    case .outOfRange(_, _, let key, let value, _): "`\(key)` cannot be \(value)"
    case .invalidName(_, _, let name): "\"\(name)\" cannot be the name of a directory in the output"
    case .duplicateName(_, _, let name): "two models have the name \"\(name)\""
    }
  }

  package var remedy: String {
    switch self {
    case .unreadable: "check the path and its permissions"
    case .invalidYAML: "check the indentation and the quotes around this line"
    case .unknownKey(_, _, _, let nearest, let known):
      (nearest.map { "did you mean `\($0)`? " } ?? "") + "known here: \(known.joined(separator: ", "))"
    case .repeatedKey: "keep one of the two"
    case .missingKey(_, _, let key): "add `\(key):` here"
    case .wrongType: "change the value"
    case .unknownValue(_, _, _, _, let known): "use one of: \(known.joined(separator: ", "))"
    case .commentedValue(_, _, let value): "put it in quotes: \"\(value)\""
    case .notApplicable: "remove the key, or choose the method that it belongs to"
    case .outOfRange(_, _, _, _, let allowed): "use \(allowed)"
    case .invalidName:
      "give the model a `name:` of at most 180 letters, digits, `.`, `_` and `-` that does not start with a dot and is "
        + "not \"backbone\" or \"manifest.json\""
    case .duplicateName: "give each model a `name:` of its own"
    }
  }

  package var exitCode: FailureCode {
    if case .unreadable = self { return .missingInput }
    return .usage
  }
}
