import Checkpoints
import Estimation
import LinearAlgebra

/// What counts of tokens and sketches of output gradients can be. Each check is nil for a file that has no such tensor.
extension Verification {
  /// Whole numbers with the tokens of all examples as their sum; that none is negative is another check.
  func tokenCounts() throws -> Check? {
    let own = tensors.filter { $0.role == .counts }
    let tokens = description.tokens
    for tensor in own {
      var total = 0.0
      try forEachPiece(tensor.name) { start, values in
        if let index = values.buffer.firstIndex(where: { $0 != $0.rounded() }) {
          throw implausible(tensor.name, "the value \(values[index]) at entry \(start + index) is no whole number")
        }
        total = values.buffer.reduce(total, +)
      }
      // Single precision rounds counts above 2^24.
      let room = statistics.type == .float32 ? Double(tokens) * 0x1p-24 : 0
      guard abs(total - Double(tokens)) <= room else {
        throw implausible(tensor.name, "its sum is \(total), but the examples have \(tokens) tokens")
      }
    }
    return own.isEmpty
      ? nil : Check(name: "token counts", detail: "whole numbers whose sum is the number of tokens, \(tokens)")
  }

  /// For Y = B Ω with B = Σ g gᵀ and orthonormal columns of Ω: |Y_ab| ≤ tr B, and ΩᵀY is symmetric and has no negative
  /// diagonal entry; all within what single precision leaves of tr B.
  func outputSketches() throws -> Check? {
    var projections: [Int: Buffer<Double>] = [:]
    var count = 0
    for tensor in tensors {
      guard case .outputSketch(let outputs, let traceName) = tensor.role else { continue }
      let projection = projections[outputs] ?? OutputSketch.projection(outputs: outputs)
      projections[outputs] = projection
      let trace = try statistics.values(traceName, count: 1)[0]
      let room = Self.productTolerance * trace
      let sketch = Buffer<Double>(count: tensor.count)
      try statistics.read(tensor.name, 0..<tensor.count, into: sketch.vector)
      let columns = OutputSketch.columns(outputs: outputs)
      if let index = sketch.vector.buffer.firstIndex(where: { !(abs($0) <= trace + room) }) {
        throw implausible(
          tensor.name,
          "the entry (\(index / columns), \(index % columns)) is \(sketch.vector[index]), above the trace \(trace) in "
            + "\(traceName)")
      }
      let square = Buffer<Double>(count: columns * columns)
      let core = square.vector.matrix(rows: columns, columns: columns)
      multiply(
        projection.vector.matrix(rows: outputs, columns: columns),
        sketch.vector.matrix(rows: outputs, columns: columns), into: core, transposeA: true)
      withExtendedLifetime((projection, sketch)) {}
      for row in 0..<columns {
        guard core[row, row] >= -room else {
          throw implausible(
            tensor.name, "the diagonal entry \(row) of ΩᵀY is \(core[row, row]); squares are not negative")
        }
        for column in row + 1..<columns where !(abs(core[row, column] - core[column, row]) <= room) {
          throw implausible(
            tensor.name,
            "ΩᵀY is not symmetric: the entry (\(row), \(column)) is \(core[row, column]) and its mirror image "
              + "\(core[column, row])")
        }
      }
      count += 1
    }
    return count == 0
      ? nil
      : Check(
        name: "output sketches",
        detail: "\(count) sketches have entries at most as large as their traces and symmetric products ΩᵀY")
  }
}
