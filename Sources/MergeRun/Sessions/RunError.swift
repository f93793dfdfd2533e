import Diagnostics
import Estimation
import SystemPackage

/// What can go wrong where models, data and ranks meet.
package enum RunError: DiagnosedError, Equatable {
  case logFile(String)
  case standardOutput
  /// Two models' encoders cannot be averaged.
  case incompatibleModels(first: String, second: String, key: String, values: [String])
  case incompatibleTokenizers(first: String, second: String, difference: String)
  /// The data are pairs of texts, but the model has no token type for the second.
  case noTokenTypes(model: String, file: FilePath, types: Int)
  /// The model has no classification head. Every model of a recipe needs one, whatever the method, because each task
  /// is written as a complete model.
  case noHead(FilePath)
  case vocabularySize(FilePath, tokenizer: Int, model: Int)
  case maximumLength(model: String, key: String = "max_length", asked: Int, limit: Int)
  /// A head for which the published program that is to be reproduced has no defined result.
  case compatibilityHead(model: String, mode: String)
  /// Padding is to be counted, and the tokenizer has no token for it.
  case noPadding(model: String, mode: String)
  /// The files that this rank sees are not those that the root planned with.
  case differentFiles(FilePath, host: String)
  case differentPlan(host: String)
  /// Pearson's correlation of fewer than two different values.
  case undefinedCorrelation(String)
  case unknownPath(String)
  case differentExpectations(first: String, second: String, expectations: [String])
  /// In a block of these rows, in the layers below which everything is merged already.
  case nonFiniteActivations(file: String, model: String, place: String, rows: [Int])
  case notSearchable(FilePath, method: String)
  case noValidation(FilePath)
  case validationIsTest(FilePath, line: Int, model: String)
  case inData(file: String, subject: String, problem: String, remedy: String, code: FailureCode)

  package var subject: String {
    switch self {
    case .logFile(let path): path
    case .standardOutput: "standard output"
    case .incompatibleModels(let first, let second, let key, _): "\(first) and \(second): \(key)"
    case .incompatibleTokenizers(let first, let second, _): "\(first) and \(second): tokenizer"
    case .noTokenTypes(let model, _, _): "\(model): type_vocab_size"
    case .noHead(let path), .vocabularySize(let path, _, _), .differentFiles(let path, _):
      path.string
    case .maximumLength(let model, let key, _, _): "\(model): \(key)"
    case .compatibilityHead(let model, let mode), .noPadding(let model, let mode): "\(model): compatibility \(mode)"
    case .differentExpectations(let first, let second, _): "\(first) and \(second): expectation"
    case .nonFiniteActivations(let file, let model, let place, _): "\(file), \(model), \(place)"
    case .notSearchable(let recipe, _), .noValidation(let recipe): recipe.string
    case .validationIsTest(let recipe, let line, let model): "\(recipe):\(line): \(model)"
    case .differentPlan: "plan"
    case .undefinedCorrelation(let file): file
    case .unknownPath(let path): path
    case .inData(let file, let subject, _, _, _): "\(file), \(subject)"
    }
  }

  package var problem: String {
    switch self {
    case .logFile: "the log file cannot be written"
    case .standardOutput: "the results could not be printed"
    case .incompatibleModels(_, _, _, let values): "the models differ here (\(values.joined(separator: " and ")))"
    case .incompatibleTokenizers(_, _, let difference): difference
    case .noTokenTypes(_, let file, let types):
      "\(file) holds pairs of texts, but the model has \(types) token type only"
    case .noHead: "the model has no classification head"
    case .vocabularySize(_, let tokenizer, let model):
      "the tokenizer makes ids up to \(tokenizer - 1), but the model has embeddings for \(model) ids only"
    case .maximumLength(_, _, let asked, let limit):
      "\(asked) tokens were asked for, but the model has \(limit) positions"
    case .compatibilityHead: "the published program has no defined result for this kind of head"
    case .noPadding: "the tokenizer has no token [PAD]"
    case .differentFiles(_, let host): "the files on \(host) are not those that the root sees"
    case .differentPlan(let host): "\(host) did not get the plan that the root made"
    case .undefinedCorrelation: "all labels or all predictions are the same, so their correlation is undefined"
    case .unknownPath: "there is no such file or directory"
    case .differentExpectations(_, _, let expectations):
      "the statistics were estimated under different expectations (\(expectations.joined(separator: " and ")))"
    case .nonFiniteActivations(_, _, _, let rows):
      "activations of the merged layers are not finite numbers in the block of data rows "
        + rows.prefix(8).map { "\($0 + 1)" }.joined(separator: ", ") + (rows.count > 8 ? ", …" : "")
    case .notSearchable(_, let method): "\(method) has no coefficients that could be searched from statistics"
    case .noValidation: "no model has validation examples to choose coefficients by"
    case .validationIsTest: "the validation file is the test file, whose scores would then mean nothing"
    case .inData(_, _, let problem, _, _): problem
    }
  }

  package var remedy: String {
    switch self {
    case .logFile: "check that its directory exists and can be written"
    case .standardOutput: "check that the disk behind it is not full; output files are complete"
    case .incompatibleModels, .incompatibleTokenizers: "merge models that were fine-tuned from one base only"
    case .noTokenTypes: "name a single text column, or use a model with two token types"
    case .noHead: "use the directory that save_pretrained of the classification model wrote"
    case .vocabularySize: "copy the tokenizer that the model was trained with into its directory"
    case .maximumLength(_, let key, _, let limit): "use \(key) \(limit) or less"
    case .compatibilityHead, .noPadding: "leave this model out, or merge without `compatibility`"
    case .differentFiles: "put models and data where all hosts see the same files, under the same path"
    case .differentPlan: "run the same build of fishermerge on every host"
    case .undefinedCorrelation: "evaluate on examples with different labels"
    case .unknownPath: "check the path"
    case .differentExpectations: "estimate all models' statistics under one expectation"
    case .nonFiniteActivations:
      "check the models with `fishermerge inspect`; regmean does not pass data through merged layers"
    case .notSearchable:
      "search with another method, such as merge_method: regmean, and give the coefficients that it finds as weights"
    case .noValidation: "give the models a `validation:` file each"
    case .validationIsTest: "name another file as `validation:`"
    case .inData(_, _, _, let remedy, _): remedy
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .logFile: .cannotCreate
    case .standardOutput: .inputOutput
    case .unknownPath: .missingInput
    case .maximumLength: .usage
    case .differentPlan: .messagePassing
    case .inData(_, _, _, _, let code): code
    default: .badInput
    }
  }
}

extension RunError {
  /// An error that knows only the row, with the name of the data file.
  init(_ error: EstimationError, in file: String) {
    self = .inData(
      file: file, subject: error.subject, problem: error.problem, remedy: error.remedy, code: error.exitCode)
  }
}
