import Datasets
import Encoders
import Estimation
import LinearAlgebra
import Metrics

/// What a source model says about its own labelled data while its statistics are estimated: whether its label map fits.
/// Costs no pass of its own.
final class OwnPredictions {
  private let examples: TokenizedExamples
  private let indices: [Int: Int]
  private let names: [String]
  /// One more than the class that an example was given; 0 where nobody has seen it. Somebody else's memory, which
  /// several ranks may share.
  private let predictions: Vector<Int64>

  /// Nil where there is nothing to compare: without labels, or where an example may have several, or none but a number.
  ///
  /// - Parameter predictions: zeros, one for each example.
  init?(of model: StoredModel, on examples: TokenizedExamples, in predictions: Vector<Int64>) {
    guard model.configuration.problem == .singleLabel, model.labels.count == model.configuration.outputs else {
      return nil
    }
    for target in examples.targets { guard case .label = target else { return nil } }
    self.examples = examples
    names = model.labels
    indices = Dictionary(uniqueKeysWithValues: examples.rowIndices.enumerated().map { ($1, $0) })
    self.predictions = predictions
  }

  /// Notes the largest output of each example; the first of equal ones. **Not collective.**
  func note(_ block: ExampleBlock, _ logits: Matrix<Float>) {
    for (place, row) in block.rows.enumerated() {
      guard let index = indices[row] else { continue }
      let outputs = logits.row(place).array
      let best = outputs.indices.reduce(0) { outputs[$1] > outputs[$0] ? $1 : $0 }
      predictions[index] = Int64(best + 1)
    }
  }

  /// What is odd about the label map; nil where nothing is.
  var finding: LabelMapCheck.Finding? {
    let seen = predictions.array.enumerated().filter { $1 > 0 }
    let labels = seen.compactMap { index, _ -> Int? in
      guard case .label(let label) = examples.targets[index] else { return nil }
      return label
    }
    return LabelMapCheck.find(labels: labels, predictions: seen.map { Int($1) - 1 }, names: names)
  }
}
