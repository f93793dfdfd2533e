import Diagnostics
import SystemPackage

/// Why a `config.json` cannot be used.
package enum ConfigurationError: DiagnosedError, Equatable {
  case file(JSONFileError)
  case notObject(FilePath)
  case missingKey(FilePath, key: String)
  case wrongType(FilePath, key: String, expected: String, found: String)
  /// The indices in a map of labels are not 0, 1, 2, ….
  case labelIndices(FilePath, key: String, indices: [String])
  case labelCount(FilePath, count: Int)
  case labelCountMismatch(FilePath, numLabels: Int, labels: [String])
  case duplicateLabel(FilePath, label: String, first: Int, second: Int)
  /// Both maps as they stand in the file.
  case labelMapsDisagree(FilePath, id2label: String, label2id: String)
  case unknownProblemType(FilePath, String)

  package var subject: String {
    switch self {
    case .file(let error): error.subject
    case .notObject(let path), .labelIndices(let path, _, _), .labelCount(let path, _),
      .labelCountMismatch(let path, _, _), .duplicateLabel(let path, _, _, _), .labelMapsDisagree(let path, _, _):
      path.string
    case .missingKey(let path, let key), .wrongType(let path, let key, _, _): "\(path), key \(key)"
    case .unknownProblemType(let path, _): "\(path), key problem_type"
    }
  }

  package var problem: String {
    switch self {
    case .file(let error): error.problem
    case .notObject: "the file holds JSON, but no object"
    case .missingKey: "the key is missing"
    case .wrongType(_, _, let expected, let found): "the value is \(found) where \(expected) is needed"
    case .labelIndices(_, let key, let indices):
      "the indices in \(key) are not the numbers from 0 on: \(indices.prefix(20).joined(separator: ", "))"
    case .labelCount(_, let count): "\(count) is no possible number of labels"
    case .labelCountMismatch(_, let count, let labels):
      "num_labels is \(count), but id2label has \(labels.count) labels: \(labels.prefix(20).joined(separator: ", "))"
    case .duplicateLabel(_, let label, let first, let second):
      "id2label gives \"\(label)\" to both \(first) and \(second)"
    case .labelMapsDisagree(_, let id2label, let label2id):
      "id2label \(id2label) and label2id \(label2id) name different classes"
    case .unknownProblemType(_, let name): "\"\(name)\" is no kind of problem that is known"
    }
  }

  package var remedy: String {
    switch self {
    case .file(let error): error.remedy
    case .notObject: "fetch the model again, or save it again with save_pretrained"
    case .missingKey, .wrongType: "correct the file after the model's documentation, or save the model again"
    case .labelIndices: "number the labels \"0\", \"1\", … in the order of the head's outputs"
    case .labelCount, .labelCountMismatch: "make num_labels and id2label agree with the head's outputs"
    case .duplicateLabel: "give every output its own name in id2label and label2id"
    case .labelMapsDisagree: "find out which of the two the model was trained with and correct the other"
    case .unknownProblemType(_, let name):
      (nearest(to: name, among: ProblemKind.allCases.map(\.name)).map { "did you mean \($0)? " } ?? "")
        + "known are \(ProblemKind.allCases.map(\.name).joined(separator: ", ")) and null"
    }
  }

  package var exitCode: FailureCode {
    if case .file(let error) = self { return error.exitCode }
    return .badInput
  }
}
