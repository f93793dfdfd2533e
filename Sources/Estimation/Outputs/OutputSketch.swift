import Datasets
import LinearAlgebra

/// Ω, the fixed matrix that gradients are projected to: [outputs, columns] with orthonormal columns.
///
/// Made of random signs from a written seed by Gram and Schmidt's process in double precision, so that it is the same
/// on all machines. Outputs that are no more than the columns are taken as they are.
package enum OutputSketch {
  /// ℓ: sixteen directions that are kept and eight more, as Halko, Martinsson & Tropp 2011 (arXiv 0909.4061), section
  /// 4.2, advise.
  package static let mostColumns = 24
  private static let seed: UInt64 = 0x5EED_0F_0514

  package static func columns(outputs: Int) -> Int { min(outputs, mostColumns) }

  /// Ω, [outputs, columns].
  package static func projection(outputs: Int) -> Buffer<Double> {
    let columns = columns(outputs: outputs)
    let buffer = Buffer<Double>(count: outputs * columns)
    let omega = buffer.vector.matrix(rows: outputs, columns: columns)
    guard outputs > columns else {
      for index in 0..<outputs { omega[index, index] = 1 }
      return buffer
    }
    var random = SplitMix64(seed: seed ^ UInt64(outputs))
    var basis: [[Double]] = []
    while basis.count < columns {
      var vector = (0..<outputs).map { _ in random.next() >> 63 == 0 ? 1.0 : -1.0 }
      // Twice is enough (Parlett 1980).
      for _ in 0..<2 {
        for known in basis {
          let share = zip(known, vector).reduce(0) { $0 + $1.0 * $1.1 }
          for index in vector.indices { vector[index] -= share * known[index] }
        }
      }
      let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // Signs that the others have too.
      guard norm > 0.1 else { continue }
      basis.append(vector.map { $0 / norm })
    }
    for (column, vector) in basis.enumerated() {
      for row in 0..<outputs { omega[row, column] = vector[row] }
    }
    return buffer
  }
}
