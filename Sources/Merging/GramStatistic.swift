import LinearAlgebra

/// A linear layer that is merged: y = W x + b.
package struct RegMeanLayer: Hashable, Sendable {
  /// The name of the weight tensor, for messages and the report.
  package let tensor: String
  /// The number of rows of W.
  package let outputs: Int

  package init(tensor: String, outputs: Int) {
    self.tensor = tensor
    self.outputs = outputs
  }
}

/// The parameters of one linear layer, of a source model or as the place for the merged ones.
package struct LinearParameters {
  /// W, [outputs, inputs].
  package let weight: Matrix<Float>
  /// b, [outputs].
  package let bias: Vector<Float>?

  package init(weight: Matrix<Float>, bias: Vector<Float>?) {
    self.weight = weight
    self.bias = bias
  }
}

/// One model's Gram matrix of the inputs of linear layers: sums over its rows, as estimated or as a file has them.
package struct GramStatistic {
  /// The model's name, for messages.
  package let model: String
  /// The number of inputs that were summed over: real tokens, or one row of each example for the pooler; with the
  /// weight that other rows were given.
  package let rows: Double
  /// Σ_t x_t, [inputs].
  package let columnSums: Vector<Double>
  /// Writes the entries of the packed triangle in the range into the vector.
  let read: (_ range: Range<Int>, _ target: Vector<Double>) throws -> Void

  /// A Gram matrix that is read piece by piece, without a copy of the packed triangle.
  ///
  /// - Parameters:
  ///   - read: writes the entries of G in a range of the packed triangle (``PackedTriangle``) into a vector of that
  ///     length. It is called once for each row, in order; and once more for each time that the matrix is used.
  package init(
    model: String, rows: Double, columnSums: Vector<Double>,
    read: @escaping (_ range: Range<Int>, _ target: Vector<Double>) throws -> Void
  ) {
    self.model = model
    self.rows = rows
    self.columnSums = columnSums
    self.read = read
  }

  /// A Gram matrix whose packed triangle is in memory.
  package init(model: String, rows: Double, columnSums: Vector<Double>, packed: Vector<Double>) {
    self.init(model: model, rows: rows, columnSums: columnSums) { copy(packed[$0], to: $1) }
  }
}

/// c_j W_j G̃_j of one model and all layers of a system: what is expensive about a model and does not depend on λ.
///
/// 8 bytes for each weight of the layers, as long as it is kept.
package struct RegMeanProducts {
  /// [Σ outputs, order], one layer below the other.
  let products: Buffer<Double>
}
