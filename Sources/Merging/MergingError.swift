import Diagnostics

/// What a merging rule refuses, with the model or tensor that the caller named.
package enum MergingError: DiagnosedError, Equatable {
  /// A merge of no models at all.
  case noModels
  /// The caller gave `found` things of one kind (`what`) where `expected` were due; `subject` is a model or a tensor.
  case countMismatch(subject: String, what: String, expected: Int, found: Int)
  /// A coefficient λ that is negative, infinite or NaN.
  case invalidCoefficient(model: String, value: Double)
  /// Every coefficient is zero, so that nothing would be merged.
  case allCoefficientsZero
  /// A floor that is negative, infinite or NaN.
  case invalidFloor(Double)
  /// The model that alone gets the floor is none of the `models` models.
  case invalidFloorTarget(index: Int, models: Int)
  /// A statistic over no examples has no mean.
  case noExamples(subject: String)
  /// A sum of squares that is negative, infinite or NaN, so it is none; `element` counts in row order.
  case invalidStatistic(subject: String, element: Int, value: Double)
  /// Sums of squares up to `value`, whose own squares are beyond the range of Double.
  case tooLarge(subject: String, value: Double)
  /// `blocks` weights cannot be spread evenly over `extent` rows or columns.
  case unevenBlocks(tensor: String, blocks: Int, extent: Int)
  /// A site in a layer that the masks do not have.
  case noSuchLayer(Int, layers: Int)
  /// Two models' heads are not over the same labels; `maps` are their names in the order of `id2label`.
  case differentLabels(first: String, second: String, maps: [[String]])
  /// Heads that predict different kinds of things, or compute otherwise: a key of `config.json` and both values.
  case differentHeads(first: String, second: String, key: String, values: [String])
  /// The magnitudes of this tensor's Fisher were never taken.
  case unmeasuredTensor(model: String, tensor: String)
  /// The merged value of this element is infinite or NaN, because a source's is; `element` counts in row order.
  case nonFiniteResult(tensor: String, element: Int)
  /// An off-diagonal scaling outside 0 ... 1.
  case invalidOffDiagonal(Double)
  /// A ridge that is negative, infinite or NaN.
  case invalidRidge(Double)
  /// An entry of a Gram matrix that is infinite or NaN, or a diagonal one that is negative, so it is no sum of
  /// products; `element` counts in the packed triangle.
  case invalidGram(subject: String, element: Int, value: Double)
  /// The sum of the Gram matrices is singular or worse from this input on, even with the largest ridge that was tried.
  case singularGram(tensor: String, input: Int, ridge: Double)
}

extension MergingError {
  package var subject: String {
    switch self {
    case .noModels, .allCoefficientsZero: "models"
    case .countMismatch(let subject, _, _, _), .noExamples(let subject), .invalidStatistic(let subject, _, _),
      .tooLarge(let subject, _):
      subject
    case .invalidCoefficient(let model, _), .unmeasuredTensor(let model, _): model
    case .invalidFloor: "floor"
    case .invalidFloorTarget: "floor target"
    case .unevenBlocks(let tensor, _, _), .nonFiniteResult(let tensor, _): tensor
    case .noSuchLayer(let layer, _): "layer \(layer)"
    case .invalidOffDiagonal: "off-diagonal scaling"
    case .invalidRidge: "ridge"
    case .invalidGram(let subject, _, _): subject
    case .singularGram(let tensor, _, _): tensor
    case .differentLabels(let first, let second, _): "\(first) and \(second): id2label"
    case .differentHeads(let first, let second, let key, _): "\(first) and \(second): \(key)"
    }
  }

  package var problem: String {
    switch self {
    case .noModels: "there is no model to merge"
    case .countMismatch(_, let what, let expected, let found): "\(found) \(what) where \(expected) are expected"
    case .invalidCoefficient(_, let value):
      "the weight \(value) is no finite number, or below zero where models are averaged"
    case .allCoefficientsZero: "the weights of all models are zero"
    case .invalidFloor(let value): "\(value) is no finite number of at least zero"
    case .invalidFloorTarget(let index, let models): "model number \(index) is none of the \(models) models"
    case .noExamples: "the statistic was taken over no examples"
    case .tooLarge(_, let value): "values up to \(value) have no norm that a Double could hold"
    case .invalidStatistic(_, let element, let value): "element \(element) is \(value), which is no sum of squares"
    case .unevenBlocks(_, let blocks, let extent): "\(blocks) weights do not divide \(extent) rows or columns evenly"
    case .noSuchLayer(_, let layers): "the mask statistics have \(layers) layers"
    case .differentLabels(_, _, let maps):
      "the heads have different labels (\(maps.map { $0.joined(separator: ", ") }.joined(separator: " and ")))"
    case .differentHeads(_, _, _, let values): "the models differ here (\(values.joined(separator: " and ")))"
    case .unmeasuredTensor(_, let tensor): "the Fisher of \(tensor) was not measured before it was used"
    case .nonFiniteResult(_, let element): "the merged value of element \(element) is infinite or not a number"
    case .invalidOffDiagonal(let value): "\(value) is no number from zero to one"
    case .invalidRidge(let value): "\(value) is no finite number of at least zero"
    case .invalidGram(_, let element, let value):
      "element \(element) of the packed Gram matrix is \(value), which is no sum of products"
    case .singularGram(_, let input, let ridge):
      "the sum of the Gram matrices is not positive definite at input \(input), with a ridge of \(ridge)"
    }
  }

  package var remedy: String {
    switch self {
    case .noModels: "name at least one model in the recipe"
    case .countMismatch: "give models of one shape and statistics that were taken with these models"
    case .invalidCoefficient: "give every model a weight of zero or more; a model cannot be subtracted"
    case .allCoefficientsZero: "give at least one model a weight above zero"
    case .invalidFloor: "give a floor of zero or more, such as 1e-6"
    case .invalidFloorTarget: "count the models from zero in the order of the recipe"
    case .noExamples: "estimate the statistic over at least one example"
    case .invalidStatistic, .tooLarge: "estimate the statistic again; the file or the gradients behind it are damaged"
    case .unevenBlocks: "check the number of heads and the sizes in the model's configuration"
    case .noSuchLayer: "give mask statistics that were taken with this model"
    case .differentLabels: "give the same names to the same classes in config.json, or keep each task's own head"
    case .differentHeads: "merge the heads of one task only, or keep each task's own"
    case .unmeasuredTensor: "this is a defect of the program; please report it with the recipe"
    case .nonFiniteResult: "check the source models for infinite or missing values in this tensor"
    case .invalidOffDiagonal: "give a number from 0 to 1, such as 0.9"
    case .invalidRidge: "give a ridge of zero or more, such as 1e-6"
    case .invalidGram: "estimate the Gram matrices again; the file or the activations behind it are damaged"
    case .singularGram: "lower the off-diagonal scaling, raise the ridge, or estimate with more examples"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .noModels, .invalidCoefficient, .allCoefficientsZero, .invalidFloor, .invalidFloorTarget, .invalidOffDiagonal,
      .invalidRidge:
      .usage
    case .countMismatch, .noExamples, .invalidStatistic, .tooLarge, .unevenBlocks, .noSuchLayer, .nonFiniteResult,
      .invalidGram, .singularGram, .differentLabels, .differentHeads:
      .badInput
    case .unmeasuredTensor: .defect
    }
  }
}
