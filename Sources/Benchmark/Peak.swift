import Datasets
import LinearAlgebra

/// The speed of one large product X Wᵀ on this core, which nothing that consists of products can exceed.
final class Peak {
  private struct Shape {
    let x, w, y: Buffer<Float>
    let rows, outputs, inputs: Int

    init(rows: Int, outputs: Int, inputs: Int) {
      (self.rows, self.outputs, self.inputs) = (rows, outputs, inputs)
      (x, w, y) = (Buffer(count: rows * inputs), Buffer(count: outputs * inputs), Buffer(count: rows * outputs))
      var random = SplitMix64(seed: 1)
      for buffer in [x, w] {
        for index in 0..<buffer.count {
          buffer.vector[index] = Float(Int32(truncatingIfNeeded: random.next())) * 0x1p-31
        }
      }
    }

    /// GFLOP/s of one product.
    func speed() -> Double {
      let seconds = processorSeconds {
        multiply(
          x.vector.matrix(rows: rows, columns: inputs), w.vector.matrix(rows: outputs, columns: inputs),
          into: y.vector.matrix(rows: rows, columns: outputs), transposeB: true)
      }
      return 2e-9 * Double(rows * outputs * inputs) / seconds
    }
  }

  private let shapes: [Shape]
  private var turn: [Double] = []
  /// The best of each turn, in GFLOP/s.
  private(set) var best: [Double] = []

  init(rows: Int) {
    shapes = [Shape(rows: rows, outputs: 768, inputs: 768), Shape(rows: rows, outputs: 3072, inputs: 768)]
    for shape in shapes { _ = shape.speed() }
  }

  /// Measures both products, twice since others have used the caches before.
  func sample() {
    for shape in shapes { turn += [shape.speed(), shape.speed()] }
  }

  func endTurn() {
    best.append(turn.max() ?? .nan)
    turn = []
  }
}
