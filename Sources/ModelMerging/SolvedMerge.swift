import Encoders
import LinearAlgebra
import Merging
import Parameters

/// A merge whose linear layers were solved for; the rest is averaged. Not collective.
package final class SolvedMerge: ParameterMerge {
  private let solution: RegMeanSolution
  private let rest: AverageMerge

  package init(_ models: [StoredModel], by coefficients: Coefficients, _ solution: RegMeanSolution) {
    self.solution = solution
    rest = AverageMerge(models, by: coefficients)
  }

  package var reports: [RegMeanReport] { solution.reports }

  package func forEachPiece(
    of parameter: Parameter, _ body: (Range<Int>, _ merge: (Vector<Float>) throws -> Void) throws -> Void
  ) throws {
    guard let solved = solution.values[parameter.name] else { return try rest.forEachPiece(of: parameter, body) }
    try withExtendedLifetime(solved) {
      for range in MergePieces.ranges(of: parameter.count) {
        try body(range) { copy(solved.vector[range], to: $0) }
      }
    }
  }
}
