import Encoders
import LinearAlgebra
import Merging
import Parameters

/// Averages of the sources' parameters, read where they are mapped. Not collective.
package struct AveragedParameters {
  let sources: [StoredModel]

  package init(sources: [StoredModel]) {
    self.sources = sources
  }

  /// The weighted average over all sources, in pieces of whole rows (and of whole heads or neurons), so that the
  /// converted copies of many models stay small.
  ///
  /// - Parameters:
  ///   - body: called with consecutive ranges of entries and a function that computes them into the memory it is given.
  func forEachPiece(
    of parameter: Parameter, by weights: SiteWeights,
    _ body: (Range<Int>, _ average: (Vector<Float>) throws -> Void) throws -> Void
  ) throws {
    let rows = parameter.shape[0]
    let columns = parameter.count / max(1, rows)
    let rowsPerBlock = weights.axis == .rows ? rows / weights.blockCount : 1
    let pieceRows = max(1, min(rows, MergePieces.elements / max(1, columns)) / rowsPerBlock) * rowsPerBlock
    let entries = sources.map { SourceEntries(parameter, in: $0) }
    for start in stride(from: 0, to: rows, by: pieceRows) {
      let end = min(rows, start + pieceRows)
      let range = start * columns..<end * columns
      let piece = weights.axis == .rows ? weights.blocks(start / rowsPerBlock..<end / rowsPerBlock) : weights
      try body(range) { target in
        let views = try entries.map { try $0.view(range).matrix(rows: end - start, columns: columns) }
        try withExtendedLifetime(entries) {
          try piece.average(
            views, into: target.matrix(rows: end - start, columns: columns), tensor: parameter.name,
            start: range.lowerBound)
        }
      }
    }
  }

  /// The weighted average of one whole parameter.
  package func average(_ parameter: Parameter, by weights: SiteWeights, into target: Vector<Float>) throws {
    try forEachPiece(of: parameter, by: weights) { range, average in try average(target[range]) }
  }
}
