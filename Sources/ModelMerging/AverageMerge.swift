import Encoders
import LinearAlgebra
import Merging
import Parameters

/// The λ-weighted average of the sources. Not collective.
package final class AverageMerge: ParameterMerge {
  private let averages: AveragedParameters
  private let weights: SiteWeights

  package init(_ models: [StoredModel], by coefficients: Coefficients) {
    averages = AveragedParameters(sources: models)
    weights = .linear(coefficients)
  }

  package func forEachPiece(
    of parameter: Parameter, _ body: (Range<Int>, _ merge: (Vector<Float>) throws -> Void) throws -> Void
  ) throws {
    try averages.forEachPiece(of: parameter, by: weights, body)
  }
}
