import LinearAlgebra

/// How one model's head weighs the directions of a layer's outputs: B̂ = β I + U diag(m) Uᵀ, with the trace d of an
/// identity.
package struct LowRankMetric {
  /// β
  let floor: Double
  /// U, [d, r], with orthonormal columns.
  package let directions: Matrix<Double>
  /// m, [r].
  package let weights: [Double]
  private let owner: AnyObject

  /// A metric that another rank has made; `owner` keeps the directions' memory alive.
  package init(directions: Matrix<Double>, weights: [Double], floor: Double, owner: AnyObject) {
    (self.directions, self.weights, self.floor, self.owner) = (directions, weights, floor, owner)
  }

  /// Takes the metric from a sketch: B ≈ Y (ΩᵀY)⁻¹ Yᵀ, of which the largest eigenvalues are kept.
  ///
  /// A multiple ν of Ω is added to Y and taken off the eigenvalues again, so that ΩᵀY has a Cholesky factor in spite of
  /// rounding (Tropp et al. 2017, arXiv 1706.05736, algorithm 3); ν is the smallest of a few that is enough.
  ///
  /// - Parameters:
  ///   - sketch: Y = B Ω, [d, ℓ].
  ///   - trace: of B.
  ///   - projection: Ω, [d, ℓ].
  package init(sketch: Matrix<Double>, trace: Double, projection: Matrix<Double>, rank: Int, floor: Double) {
    let (d, columns) = (sketch.rows, sketch.columns)
    self.floor = floor
    guard trace > 0 else {
      let nothing = Buffer<Double>(count: 0)
      (directions, weights, owner) = (nothing.vector.matrix(rows: d, columns: 0), [], nothing)
      return
    }
    let small = Buffer<Double>(count: columns * columns)
    let core = small.vector.matrix(rows: columns, columns: columns)
    multiply(projection, sketch, into: core, transposeA: true, alpha: 1 / trace)
    for row in 0..<columns {
      for column in row + 1..<columns {
        let mean = (core[row, column] + core[column, row]) / 2
        (core[row, column], core[column, row]) = (mean, mean)
      }
    }
    let norm = sketch.elements.buffer.reduce(0) { $0 + $1 * $1 }.squareRoot() / trace
    var (shift, factor) = (1e-10 * norm, Self.lowerFactor(core, shift: 1e-10 * norm))
    // What single precision leaves of a matrix without full rank may be negative by about 1e-7.
    while factor == nil, shift < norm {
      shift *= 10
      factor = Self.lowerFactor(core, shift: shift)
    }
    // Rows z of Z = (Y + ν Ω) C⁻ᵀ solve z Cᵀ = y.
    let tall = Buffer<Double>(count: d * columns)
    let z = tall.vector.matrix(rows: d, columns: columns)
    let c = factor ?? []
    for row in 0..<d where !c.isEmpty {
      for column in 0..<columns {
        var value = sketch[row, column] / trace + shift * projection[row, column]
        for known in 0..<column { value -= z[row, known] * c[column][known] }
        z[row, column] = value / c[column][column]
      }
    }
    let found = SingularValues(of: z)
    let eigenvalues = found.values.map { $0 * $0 - shift }
    let kept = eigenvalues.prefix(rank).prefix { $0 > 1e-12 * (eigenvalues.first ?? 0) && $0 > 0 }.count
    withExtendedLifetime((small, tall)) {}
    let own = Buffer<Double>(count: d * kept)
    directions = own.vector.matrix(rows: d, columns: kept)
    for row in 0..<d {
      for column in 0..<kept { directions[row, column] = found.left[row, column] }
    }
    owner = own
    weights = eigenvalues.prefix(kept).map { (1 - floor) * Double(d) * $0 }
  }

  /// C with C Cᵀ = A + shift · I, by rows; nil where there is none.
  private static func lowerFactor(_ a: Matrix<Double>, shift: Double) -> [[Double]]? {
    var c: [[Double]] = []
    for row in 0..<a.rows {
      var own: [Double] = []
      for column in 0...row {
        var value = a[row, column] + (row == column ? shift : 0)
        for index in 0..<column { value -= own[index] * (column == row ? own[index] : c[column][index]) }
        if column == row {
          guard value > 0, value.isFinite else { return nil }
          own.append(value.squareRoot())
        } else {
          own.append(value / c[column][column])
        }
      }
      c.append(own)
    }
    return c
  }
}

/// The metrics of all models in one basis: outside of it every B̂_j is β I.
package struct CommonMetric {
  package let models: [LowRankMetric]
  /// Q, [d, q], with orthonormal columns that span all models' directions.
  let basis: Matrix<Double>
  /// V_j = Qᵀ U_j, [q, r] each.
  let projected: [Matrix<Double>]
  /// B̃_j = Qᵀ B̂_j Q, [q, q] each.
  let small: [Matrix<Double>]
  private let owners: [AnyObject]

  /// β
  var floor: Double { models[0].floor }
  /// q
  var order: Int { basis.columns }

  /// - Parameter models: of one layer's outputs, in recipe order.
  package init(_ models: [LowRankMetric]) {
    self.models = models
    let d = models[0].directions.rows
    let columns = models.reduce(0) { $0 + $1.weights.count }
    let all = Buffer<Double>(count: d * columns)
    let stacked = all.vector.matrix(rows: d, columns: columns)
    var start = 0
    for model in models {
      for (index, weight) in model.weights.enumerated() {
        for row in 0..<d { stacked[row, start + index] = model.directions[row, index] * weight.squareRoot() }
      }
      start += model.weights.count
    }
    let found = SingularValues(of: stacked)
    let order = found.values.prefix { $0 > 1e-10 * (found.values.first ?? 0) }.count
    let q = Buffer<Double>(count: d * order)
    basis = q.vector.matrix(rows: d, columns: order)
    for row in 0..<d {
      for column in 0..<order { basis[row, column] = found.left[row, column] }
    }
    var owners: [AnyObject] = [q]
    var (projected, small): ([Matrix<Double>], [Matrix<Double>]) = ([], [])
    for model in models {
      let (r, weights) = (model.weights.count, model.weights)
      let (v, scaled, b) = (
        Buffer<Double>(count: order * r), Buffer<Double>(count: order * r), Buffer<Double>(count: order * order)
      )
      let (own, target) = (
        v.vector.matrix(rows: order, columns: r), b.vector.matrix(rows: order, columns: order)
      )
      multiply(basis, model.directions, into: own, transposeA: true)
      for row in 0..<order {
        for column in 0..<r { scaled.vector[row * r + column] = own[row, column] * weights[column] }
      }
      multiply(scaled.vector.matrix(rows: order, columns: r), own, into: target, transposeB: true)
      for index in 0..<order { target[index, index] += model.floor }
      owners += [v, b]
      withExtendedLifetime(scaled) {}
      projected.append(own)
      small.append(target)
    }
    withExtendedLifetime(all) {}
    self.projected = projected
    self.small = small
    self.owners = owners
  }
}
