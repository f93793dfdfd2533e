import Diagnostics
import SystemPackage

/// Why models and data do not make a plan.
package enum PlanError: DiagnosedError, Equatable {
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
  /// A published program is reproduced for BERT alone.
  case compatibilityFamily(model: String, mode: String, family: String)
  /// Padding is to be counted, and the tokenizer has no token for it.
  case noPadding(model: String, mode: String)
  case differentExpectations(first: String, second: String, expectations: [String])
  /// Scores are asked for of a regression with several outputs, for which there is no metric.
  case noMetric(model: String, file: FilePath)
  /// An input is not what it was when the run began.
  case changed(FilePath)

  package var subject: String {
    switch self {
    case .incompatibleModels(let first, let second, let key, _): "\(first) and \(second): \(key)"
    case .incompatibleTokenizers(let first, let second, _): "\(first) and \(second): tokenizer"
    case .noTokenTypes(let model, _, _): "\(model): type_vocab_size"
    case .noMetric(let model, let file): "\(model): \(file)"
    case .noHead(let path), .vocabularySize(let path, _, _), .changed(let path): path.string
    case .maximumLength(let model, let key, _, _): "\(model): \(key)"
    case .compatibilityHead(let model, let mode), .noPadding(let model, let mode),
      .compatibilityFamily(let model, let mode, _):
      "\(model): compatibility \(mode)"
    case .differentExpectations(let first, let second, _): "\(first) and \(second): expectation"
    }
  }

  package var problem: String {
    switch self {
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
    case .compatibilityFamily(_, _, let family): "the published program is reproduced for bert, and this is \(family)"
    case .noPadding: "the tokenizer has no token [PAD]"
    case .noMetric: "the model is a regression with several outputs, and there is no metric for these"
    case .changed: "the file has changed since the run began, so what was computed from it cannot be told"
    case .differentExpectations(_, _, let expectations):
      "the statistics were estimated under different expectations (\(expectations.joined(separator: " and ")))"
    }
  }

  package var remedy: String {
    switch self {
    case .incompatibleModels, .incompatibleTokenizers: "merge models that were fine-tuned from one base only"
    case .noTokenTypes: "name a single text column, or use a model with two token types"
    case .noHead: "use the directory that save_pretrained of the classification model wrote"
    case .vocabularySize: "copy the tokenizer that the model was trained with into its directory"
    case .maximumLength(_, let key, _, let limit): "use \(key) \(limit) or less"
    case .compatibilityHead, .compatibilityFamily, .noPadding: "leave this model out, or merge without `compatibility`"
    case .noMetric: "leave `test` and `validation` out; statistics and merges need no metric"
    case .changed: "run again, and leave the models alone until the end; nothing was written"
    case .differentExpectations: "estimate all models' statistics under one expectation"
    }
  }

  package var exitCode: FailureCode {
    if case .maximumLength = self { return .usage }
    return .badInput
  }
}
