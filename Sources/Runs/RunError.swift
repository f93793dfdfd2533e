import Diagnostics
import SystemPackage

/// Why a command cannot be carried out.
package enum RunError: DiagnosedError, Equatable {
  case unknownPath(String)
  /// A file that another command, or a browser, is for.
  case notInspectable(String, kind: String, use: String)
  /// A manifest that does not name its models.
  case malformedManifest(FilePath, key: String, problem: String)
  /// Of the merged layers below, in a block of these rows.
  case nonFiniteActivations(file: String, model: String, place: String, rows: [Int])
  /// What other programs reached, for a comparison; `entry` counts from 1.
  case malformedResults(FilePath, entry: Int?, problem: String)
  case notSearchable(FilePath, method: String)
  /// Heads are to be solved anew, and a search tries many merges.
  case headsNotSearchable(FilePath)
  /// Memory for activations is limited, and the method keeps none.
  case noActivations(FilePath, method: String)
  case noValidation(FilePath)
  case validationIsTest(FilePath, line: Int, model: String)

  package var subject: String {
    switch self {
    case .unknownPath(let path), .notInspectable(let path, _, _): path
    case .malformedManifest(let file, let key, _): "\(file), \(key)"
    case .malformedResults(let file, let entry, _): entry.map { "\(file), entry \($0)" } ?? file.string
    case .nonFiniteActivations(let file, let model, let place, _): "\(file), \(model), \(place)"
    case .notSearchable(let recipe, _), .noActivations(let recipe, _), .headsNotSearchable(let recipe),
      .noValidation(let recipe):
      recipe.string
    case .validationIsTest(let recipe, let line, let model): "\(recipe):\(line): \(model)"
    }
  }

  package var problem: String {
    switch self {
    case .unknownPath: "there is no such file or directory"
    case .notInspectable(_, let kind, _): "this is \(kind); `inspect` reads models, merges and statistics"
    case .malformedManifest(_, _, let problem), .malformedResults(_, _, let problem): problem
    case .nonFiniteActivations(_, _, _, let rows):
      "activations of the merged layers are not finite numbers in the block of data rows "
        + rows.prefix(8).map { "\($0 + 1)" }.joined(separator: ", ") + (rows.count > 8 ? ", …" : "")
    case .notSearchable(_, let method): "\(method) has no coefficients that could be searched from statistics"
    case .headsNotSearchable: "heads: resolve fits the heads to one merge, and a search tries many"
    case .noActivations(_, let method): "\(method) keeps no activations that --activations could limit"
    case .noValidation: "no model has validation examples to choose coefficients by"
    case .validationIsTest: "the validation file is the test file, whose scores would then mean nothing"
    }
  }

  package var remedy: String {
    switch self {
    case .unknownPath: "check the path"
    case .notInspectable(_, _, let use): use
    case .malformedManifest: "merge again, or inspect the directories of the models themselves"
    case .malformedResults: #"it must be [{"name": …, "processor_seconds": …, "scores": {task: score}}, …]"#
    case .nonFiniteActivations:
      "check the models with `fishermerge inspect`; regmean does not pass data through merged layers"
    case .notSearchable:
      "search with another method, such as merge_method: regmean, and give the coefficients that it finds as weights"
    case .noActivations: "leave --activations out; it is for merge_method: distill"
    case .headsNotSearchable:
      "search with heads: keep, and merge with heads: resolve and the weights that it finds"
    case .noValidation: "give the models a `validation:` file each"
    case .validationIsTest: "name another file as `validation:`"
    }
  }

  package var exitCode: FailureCode {
    if case .unknownPath = self { return .missingInput }
    return .badInput
  }
}
