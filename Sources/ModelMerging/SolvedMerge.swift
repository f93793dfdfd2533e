import Encoders
import LinearAlgebra
import Merging
import Parameters
import Reporting

/// A merge of which some parameters were solved for; the rest is another merge, such as the average. Not collective.
package final class SolvedMerge: ParameterMerge {
  private let solution: SolvedLayers
  private let rest: any ParameterMerge

  package convenience init(_ models: [StoredModel], by coefficients: Coefficients, _ solution: SolvedLayers) {
    self.init(solution, rest: AverageMerge(models, by: coefficients, tokenRows: solution.tokenRows))
  }

  init(_ solution: SolvedLayers, rest: any ParameterMerge) {
    self.solution = solution
    self.rest = rest
  }

  package var plainEntries: Int { rest.plainEntries }
  package var notes: [String] { rest.notes }

  package var reports: [SolveReport] { solution.reports }

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

  package func illustrate(_ report: inout Report, tasks: [String]) throws {
    try rest.illustrate(&report, tasks: tasks)
  }
}
