import LinearAlgebra
import Merging
import Parameters
import Reporting

/// A merge whose parameters are in memory, so that they need not be computed once more. Not collective.
package final class KeptMerge: ParameterMerge {
  private let merge: any ParameterMerge
  private let weights: MergedWeights

  /// - Parameters:
  ///   - merge: what the parameters are of; it has computed each once.
  ///   - weights: the parameters.
  package init(_ merge: any ParameterMerge, in weights: MergedWeights) {
    self.merge = merge
    self.weights = weights
  }

  package func forEachPiece(
    of parameter: Parameter, _ body: (Range<Int>, _ merge: (Vector<Float>) throws -> Void) throws -> Void
  ) throws {
    try weights.withValues(of: parameter) { values in
      for range in MergePieces.ranges(of: parameter.count) { try body(range) { copy(values[range], to: $0) } }
    }
  }

  package var plainEntries: Int { merge.plainEntries }
  package var reports: [SolveReport] { merge.reports }
  package var notes: [String] { merge.notes }

  package func illustrate(_ report: inout Report, tasks: [String]) throws {
    try merge.illustrate(&report, tasks: tasks)
  }
}
