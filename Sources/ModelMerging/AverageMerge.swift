import Encoders
import LinearAlgebra
import Merging
import Parameters

/// The λ-weighted average of the sources; rows of the word embeddings by weights of their own, where there are some. Not
/// collective.
package final class AverageMerge: ParameterMerge {
  private let averages: AveragedParameters
  private let weights: SiteWeights
  /// Of the tensors with a row for each token; nil for those of all tensors.
  private let tokenRows: SiteWeights?

  package init(_ models: [StoredModel], by coefficients: Coefficients, tokenRows: SiteWeights? = nil) {
    self.tokenRows = tokenRows
    averages = AveragedParameters(sources: models)
    weights = .linear(coefficients)
  }

  package func forEachPiece(
    of parameter: Parameter, _ body: (Range<Int>, _ merge: (Vector<Float>) throws -> Void) throws -> Void
  ) throws {
    try averages.forEachPiece(
      of: parameter, by: parameter.role.spread == .tokens ? tokenRows ?? weights : weights, body)
  }
}
