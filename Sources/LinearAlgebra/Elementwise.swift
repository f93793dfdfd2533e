/// y = f(x + bias), derivative = f'(x + bias). `x` and `y` may be the same matrix.
package func activate<Scalar: KernelScalar>(
  _ x: Matrix<Scalar>, bias: Vector<Scalar>, by activation: Activation, into y: Matrix<Scalar>,
  derivative: Matrix<Scalar>?
) {
  requireSameShape(x, y)
  if let derivative { requireSameShape(x, derivative) }
  precondition(bias.count == x.columns, "one bias per column")
  Scalar.activate(activation, x.base, bias.base, y.base, derivative?.base, x.rows, x.columns)
}

/// In place: every row becomes softmax(scale · row).
package func softmax<Scalar: KernelScalar>(_ a: Matrix<Scalar>, scale: Scalar) {
  Scalar.softmax(a.base, a.rows, a.columns, a.stride, scale)
}

/// In place on `gradient`: from the gradient at the probabilities `p` to the gradient at the unscaled scores.
package func softmaxBackward<Scalar: KernelScalar>(
  probabilities p: Matrix<Scalar>, gradient g: Matrix<Scalar>, scale: Scalar
) {
  precondition(p.rows == g.rows && p.columns == g.columns, "probabilities and gradient have one shape")
  Scalar.softmaxBackward(p.base, g.base, p.rows, p.columns, p.stride, g.stride, scale)
}

/// y = normalized · weight + offset with normalized = (z − mean) / √(variance + ε) by rows, z = x + bias + residual.
///
/// - Parameters:
///   - normalized: [rows, columns], kept for the backward pass.
///   - inverseDeviation: [rows], 1 / √(variance + ε).
package func layerNorm<Scalar: KernelScalar>(
  _ x: Matrix<Scalar>, bias: Vector<Scalar>? = nil, residual: Matrix<Scalar>? = nil, weight: Vector<Scalar>,
  offset: Vector<Scalar>, epsilon: Scalar, into y: Matrix<Scalar>, normalized: Matrix<Scalar>,
  inverseDeviation: Vector<Scalar>
) {
  requireSameShape(x, y)
  requireSameShape(x, normalized)
  if let residual { requireSameShape(x, residual) }
  precondition(
    (bias?.count ?? x.columns) == x.columns && weight.count == x.columns && offset.count == x.columns
      && inverseDeviation.count == x.rows, "a LayerNorm's vectors fit its matrix")
  Scalar.layerNorm(
    x.base, bias?.base, residual?.base, weight.base, offset.base, y.base, normalized.base, inverseDeviation.base,
    x.rows,
    x.columns, epsilon)
}

/// y = normalized · weight + offset by rows: the output of a LayerNorm once more, with the same bits.
package func layerNormOutput<Scalar: KernelScalar>(
  normalized: Matrix<Scalar>, weight: Vector<Scalar>, offset: Vector<Scalar>, into y: Matrix<Scalar>
) {
  requireSameShape(normalized, y)
  precondition(weight.count == y.columns && offset.count == y.columns, "a LayerNorm's vectors fit its matrix")
  Scalar.affine(normalized.base, weight.base, offset.base, y.base, y.rows, y.columns)
}

/// In place: from the gradient at a LayerNorm's output to the gradient at its input.
///
/// The gradient may have several times as many rows as the forward pass had (one group of rows per column of the
/// gradient factor); each group uses the same `normalized` rows.
package func layerNormBackward<Scalar: KernelScalar>(
  gradient g: Matrix<Scalar>, normalized: Matrix<Scalar>, inverseDeviation: Vector<Scalar>, weight: Vector<Scalar>
) {
  for group in rowGroups(of: g, like: normalized) {
    Scalar.layerNormBackward(
      group.base, normalized.base, inverseDeviation.base, weight.base, group.rows, group.columns)
  }
}

/// y += bias, row by row.
package func add<Scalar: KernelScalar>(bias: Vector<Scalar>, to y: Matrix<Scalar>) {
  precondition(bias.count == y.columns && y.isContiguous, "one bias per column")
  Scalar.addBias(y.base, bias.base, y.rows, y.columns)
}

/// y += x.
package func add<Scalar: KernelScalar>(_ x: Matrix<Scalar>, to y: Matrix<Scalar>) {
  requireSameShape(x, y)
  Scalar.add(y.base, x.base, x.count)
}

/// y += x.
package func add<Scalar: KernelScalar>(_ x: Vector<Scalar>, to y: Vector<Scalar>) {
  precondition(x.count == y.count, "vectors of one length")
  Scalar.add(y.base, x.base, x.count)
}

/// y += factor · x.
package func add<Scalar: KernelScalar>(_ x: Vector<Scalar>, scaledBy factor: Scalar, to y: Vector<Scalar>) {
  precondition(x.count == y.count, "vectors of one length")
  Scalar.addScaled(y.base, x.base, x.count, factor)
}

/// y = x.
package func copy<Scalar: KernelScalar>(_ x: Vector<Scalar>, to y: Vector<Scalar>) {
  precondition(x.count == y.count, "vectors of one length")
  y.base.update(from: x.base, count: x.count)
}

/// In place: gradient *= factor, where the gradient may have several groups of rows like `factor`.
package func multiply<Scalar: KernelScalar>(gradient g: Matrix<Scalar>, by factor: Matrix<Scalar>) {
  for group in rowGroups(of: g, like: factor) { Scalar.multiply(group.base, factor.base, factor.count) }
}

/// In place: y = tanh(y + bias).
package func tanh<Scalar: KernelScalar>(_ y: Matrix<Scalar>, bias: Vector<Scalar>) {
  precondition(bias.count == y.columns && y.isContiguous, "one bias per column")
  Scalar.tanh(y.base, bias.base, y.rows, y.columns)
}

/// In place: gradient *= 1 − y², where the gradient may have several groups of rows like `y`.
package func tanhBackward<Scalar: KernelScalar>(gradient g: Matrix<Scalar>, output y: Matrix<Scalar>) {
  for group in rowGroups(of: g, like: y) { Scalar.tanhBackward(group.base, y.base, y.count) }
}

/// The groups of rows of a stacked gradient, each of the shape of `reference`.
///
/// The gradient factor's columns go backward as one taller batch: rows s · R ..< (s + 1) · R belong to column s.
package func rowGroups<Scalar>(of g: Matrix<Scalar>, like reference: Matrix<Scalar>) -> [Matrix<Scalar>] {
  precondition(
    g.columns == reference.columns && g.isContiguous && reference.isContiguous
      && (reference.rows == 0 ? g.rows == 0 : g.rows % reference.rows == 0),
    "a stacked gradient has whole groups of rows")
  guard reference.rows > 0 else { return [] }
  return (0..<(g.rows / reference.rows)).map { g.rows($0 * reference.rows..<($0 + 1) * reference.rows) }
}

private func requireSameShape<Scalar>(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) {
  precondition(
    a.rows == b.rows && a.columns == b.columns && a.isContiguous && b.isContiguous,
    "matrices of one shape without gaps")
}
