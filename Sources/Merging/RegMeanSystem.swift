import LinearAlgebra

/// The least-squares problem of all linear layers that have one input, and so one Gram matrix, in common: query, key
/// and value of a layer are one system, every other linear layer is one of its own.
///
/// Models are added one after the other in recipe order; then ``solve(into:)`` gives the merged layers. All is
/// computed in Double and rounded once. In memory are, in Double, two square matrices of the inputs (the sum, and
/// the model at hand, later the factor) and two copies of the layers (the sums of c_j W_j G̃_j and of W_j), whatever
/// the number of models: see ``memory(inputs:outputs:)``.
///
/// The rows of W are right-hand sides, and a symmetric matrix multiplies them from the right, so no matrix is
/// transposed.
package final class RegMeanSystem {
  let rule: RegMeanRule
  let layers: [RegMeanLayer]
  let inputs: Int
  /// The unknowns of one output: its weights, and its bias where that is solved for.
  let order: Int
  /// Where the rows of each layer are among all rows.
  let rowRanges: [Range<Int>]

  /// Σ λ c G̃, upper triangle.
  let gramSum: Matrix<Double>
  /// c G̃ of the model at hand, then the factor; upper triangle.
  let square: Matrix<Double>
  /// Σ λ c W G̃, and in place the solution.
  let productSum: Matrix<Double>
  /// Σ λ W, with the bias as its last column where that is solved for.
  let parameterSum: Matrix<Double>
  /// Σ λ b of each layer, where the biases are averaged; nil for a layer without one.
  var biasSums: [[Double]?]
  /// Σ λ.
  var coefficientSum = 0.0
  var isSolved = false

  private let tile: Buffer<Double>
  private let owners: [Buffer<Double>]

  /// A system without any model.
  ///
  /// - Parameters:
  ///   - inputs: the number of columns of every layer's W.
  ///   - layers: at least one.
  package init(inputs: Int, layers: [RegMeanLayer], rule: RegMeanRule) throws(MergingError) {
    precondition(inputs > 0 && !layers.isEmpty, "a system has inputs and layers")
    try rule.validate()
    self.rule = rule
    self.layers = layers
    self.inputs = inputs
    order = rule.bias == .joint ? inputs + 1 : inputs
    var ranges: [Range<Int>] = []
    for layer in layers {
      let start = ranges.last?.upperBound ?? 0
      ranges.append(start..<start + layer.outputs)
    }
    rowRanges = ranges
    let outputs = ranges[ranges.count - 1].upperBound
    owners = [order, order, outputs, outputs].map { [order] in Buffer(count: $0 * order) }
    gramSum = owners[0].vector.matrix(rows: order, columns: order)
    square = owners[1].vector.matrix(rows: order, columns: order)
    productSum = owners[2].vector.matrix(rows: outputs, columns: order)
    parameterSum = owners[3].vector.matrix(rows: outputs, columns: order)
    tile = Buffer(count: min(outputs, regMeanTileRows) * order)
    biasSums = layers.map { _ in nil }
  }

  /// Forgets all models, so that the same layers can be solved with other coefficients.
  package func reset() {
    for owner in owners { owner.clear() }
    biasSums = layers.map { _ in nil }
    coefficientSum = 0
    isSolved = false
  }

  /// Adds a model: λ c G̃ and λ c W G̃. A model with a coefficient of zero is not even looked at.
  ///
  /// - Parameters:
  ///   - gram: of the inputs that the layers have in common.
  ///   - parameters: of every layer, in the system's order; used before the call returns.
  ///   - coefficient: λ_j, from ``Coefficients``.
  /// - Throws: ``MergingError``, and what reading the Gram matrix throws.
  package func add(_ gram: GramStatistic, parameters: [LinearParameters], coefficient: Double) throws {
    guard try isNeeded(coefficient, gram, parameters) else { return }
    try unpack(gram)
    for layer in layers.indices {
      forEachTile(of: layer, parameters[layer]) { rows, values in
        multiply(values, bySymmetric: square, into: productSum.rows(rows), alpha: coefficient, beta: 1)
      }
    }
    addSums(parameters, coefficient)
  }

  /// Forms what ``add(_:parameters:products:coefficient:)`` takes, once for all coefficients. Adds nothing.
  package func products(of gram: GramStatistic, parameters: [LinearParameters]) throws -> RegMeanProducts {
    _ = try isNeeded(1, gram, parameters)
    try unpack(gram)
    let buffer = Buffer<Double>(count: productSum.count)
    let products = buffer.vector.matrix(rows: productSum.rows, columns: order)
    for layer in layers.indices {
      forEachTile(of: layer, parameters[layer]) { multiply($1, bySymmetric: square, into: products.rows($0)) }
    }
    return RegMeanProducts(products: buffer)
  }

  /// Adds a model whose products are known already: no matrix product is computed. The Gram matrix is read again.
  package func add(
    _ gram: GramStatistic, parameters: [LinearParameters], products: RegMeanProducts, coefficient: Double
  ) throws {
    guard try isNeeded(coefficient, gram, parameters) else { return }
    precondition(products.products.count == productSum.count, "products of this system's layers")
    try unpack(gram)
    withExtendedLifetime(products) {
      LinearAlgebra.add(products.products.vector, times: coefficient, to: productSum.elements)
    }
    addSums(parameters, coefficient)
  }

  /// Adds λ c G̃ from the square matrix, and λ W and λ b.
  private func addSums(_ parameters: [LinearParameters], _ coefficient: Double) {
    for row in 0..<order {
      LinearAlgebra.add(square.row(row)[row..<order], times: coefficient, to: gramSum.row(row)[row..<order])
    }
    let first = coefficientSum == 0
    for layer in layers.indices {
      forEachTile(of: layer, parameters[layer]) {
        addProducts(coefficient, $1.elements, to: parameterSum.rows($0).elements, first: first)
      }
      guard rule.bias == .mean, let bias = parameters[layer].bias else { continue }
      var sum = biasSums[layer] ?? [Double](repeating: 0, count: bias.count)
      addProducts(coefficient, bias, to: &sum, first: first)
      biasSums[layer] = sum
    }
    coefficientSum += coefficient
  }

  /// Gives the layer's W in Double, with b as its last column where it is solved for, some rows at a time.
  private func forEachTile(
    of layer: Int, _ parameters: LinearParameters, _ body: (_ rows: Range<Int>, _ values: Matrix<Double>) -> Void
  ) {
    let range = rowRanges[layer]
    var start = range.lowerBound
    while start < range.upperBound {
      let rows = start..<min(start + regMeanTileRows, range.upperBound)
      let values = tile.vector[0..<rows.count * order].matrix(rows: rows.count, columns: order)
      for row in 0..<rows.count {
        let source = start - range.lowerBound + row
        widen(parameters.weight.row(source), into: values.row(row)[0..<inputs])
        if order > inputs, let bias = parameters.bias { values[row, inputs] = Double(bias[source]) }
      }
      body(rows, values)
      start = rows.upperBound
    }
  }

  /// c G̃ of one model into the square matrix.
  private func unpack(_ gram: GramStatistic) throws {
    let layout = PackedTriangle(order: inputs)
    let weight = rule.weighting == .perRow ? 1 / gram.rows : 1
    for row in 0..<inputs {
      let range = layout.range(ofRow: row)
      let entries = square.row(row)[row..<inputs]
      try gram.read(range, entries)
      if let place = firstNonFinite(entries) ?? (entries[0] < 0 ? 0 : nil) {
        throw MergingError.invalidGram(
          subject: subject(gram), element: range.lowerBound + place, value: entries[place])
      }
      if order > inputs { square[row, inputs] = gram.columnSums[row] }
      square[row, row] *= weight
      scale(square.row(row)[row + 1..<order], by: weight * rule.offDiagonal)
    }
    if order > inputs { square[inputs, inputs] = weight * gram.rows }
  }

  private func subject(_ gram: GramStatistic) -> String { "\(gram.model): \(layers[0].tensor)" }

  /// Checks a model's shapes; false where its coefficient is zero.
  private func isNeeded(
    _ coefficient: Double, _ gram: GramStatistic, _ parameters: [LinearParameters]
  ) throws(MergingError) -> Bool {
    precondition(!isSolved, "a solved system is reset before models are added")
    guard coefficient >= 0, coefficient.isFinite else {
      throw .invalidCoefficient(model: gram.model, value: coefficient)
    }
    guard coefficient > 0 else { return false }
    guard gram.rows > 0 else { throw .noExamples(subject: subject(gram)) }
    guard gram.columnSums.count == inputs else {
      throw .countMismatch(
        subject: subject(gram), what: "column sums", expected: inputs, found: gram.columnSums.count)
    }
    if order > inputs, let place = firstNonFinite(gram.columnSums) {
      throw .invalidStatistic(subject: subject(gram), element: place, value: gram.columnSums[place])
    }
    try checkShapes(of: parameters, joint: rule.bias == .joint)
    return true
  }

  /// Compares shapes with the layers'; every layer needs a bias where the biases are solved for.
  func checkShapes(of parameters: [LinearParameters], joint: Bool) throws(MergingError) {
    guard parameters.count == layers.count else {
      throw .countMismatch(
        subject: layers[0].tensor, what: "layers", expected: layers.count, found: parameters.count)
    }
    for (layer, parameters) in zip(layers, parameters) {
      guard parameters.weight.rows == layer.outputs else {
        throw .countMismatch(
          subject: layer.tensor, what: "rows", expected: layer.outputs, found: parameters.weight.rows)
      }
      guard parameters.weight.columns == inputs else {
        throw .countMismatch(
          subject: layer.tensor, what: "columns", expected: inputs, found: parameters.weight.columns)
      }
      guard let biases = parameters.bias?.count ?? (joint ? 0 : nil) else { continue }
      guard biases == layer.outputs else {
        throw .countMismatch(subject: layer.tensor, what: "biases", expected: layer.outputs, found: biases)
      }
    }
  }
}

/// How many rows of W are widened at a time: a few MiB, enough rows for a product at full speed.
let regMeanTileRows = 256

/// sum[i] = w x[i] for the first model, sum[i] += w x[i] for the others. See the same of AverageKernels.
private func addProducts(_ weight: Double, _ x: Vector<Double>, to sum: Vector<Double>, first: Bool) {
  let (x, target) = (x.buffer, sum.buffer)
  let source = x.span
  var sum = target.mutableSpan
  let count = source.count
  precondition(sum.count == count)
  var i = 0
  if first {
    while i < count {
      sum[i] = weight * source[i]
      i += 1
    }
  } else {
    while i < count {
      sum[i] += weight * source[i]
      i += 1
    }
  }
}
