import Encoders
import LinearAlgebra
import Merging

/// Averages of the sources' parameters, read where they are mapped. Not collective.
struct AveragedParameters {
  let sources: [StoredModel]

  /// The weighted average over all sources, in pieces of whole rows (and of whole heads or neurons), so that the converted copies of
  /// many models stay small.
  func average(_ parameter: Parameter, by weights: SiteWeights, into target: Vector<Float>) throws {
    let rows = parameter.shape[0]
    let columns = parameter.count / max(1, rows)
    let rowsPerBlock = weights.axis == .rows ? rows / weights.blockCount : 1
    let pieceRows = max(1, min(rows, Self.pieceElements / max(1, columns)) / rowsPerBlock) * rowsPerBlock
    let copies = sources.map { source in
      source.tensor(parameter).vector == nil ? Buffer<Float>(count: pieceRows * columns) : nil
    }
    defer { withExtendedLifetime(copies) {} }
    for start in stride(from: 0, to: rows, by: pieceRows) {
      let end = min(rows, start + pieceRows)
      let range = start * columns..<end * columns
      var views: [Matrix<Float>] = []
      for (source, copy) in zip(sources, copies) {
        let tensor = source.tensor(parameter)
        if let copy {
          try tensor.copy(elements: range, into: copy.vector[0..<range.count])
          views.append(copy.vector[0..<range.count].matrix(rows: end - start, columns: columns))
        } else if let vector = tensor.vector {
          views.append(vector[range].matrix(rows: end - start, columns: columns))
        }
      }
      let piece = weights.axis == .rows ? weights.blocks(start / rowsPerBlock..<end / rowsPerBlock) : weights
      try piece.average(
        views, into: target[range].matrix(rows: end - start, columns: columns), tensor: parameter.name)
    }
  }

  private static let pieceElements = 1 << 18
}
