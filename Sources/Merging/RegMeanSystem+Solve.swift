import LinearAlgebra

extension RegMeanSystem {
  /// Solves Σ_j λ_j c_j G̃_j W*ᵀ = Σ_j λ_j c_j G̃_j W_jᵀ and writes W* and b*, each rounded once.
  ///
  /// - **Dead inputs.** An input that is zero throughout all models' data has a row and a column of zeros. No data says
  ///   what its weights should be, so they are the λ-weighted average, the same bits as ``SiteWeights/linear(_:)``
  ///   gives; the other inputs are solved for as if it were not there.
  /// - **Ridge.** Where the factorisation fails, ρ I is added to every model's c_j G̃_j, with ρ the rule's ridge times
  ///   the mean diagonal of the sum over the inputs that are not dead (a joint bias counts as one more input). So there
  ///   is Σ λ_j c_j G̃_j + ρ I on the left and Σ λ_j c_j W_j G̃_j + ρ W̄ on the right, with the λ-weighted average W̄:
  ///   directions that no data determines get the average of the models and not zero, and models that agree are
  ///   given back whatever the ridge. Without success the ridge grows tenfold.
  ///
  /// The system cannot be used afterwards but for ``reset()``.
  ///
  /// - Parameter targets: for every layer; a bias is written where there is one.
  /// - Throws: ``MergingError/noModels``, ``MergingError/countMismatch(subject:what:expected:found:)``,
  ///   ``MergingError/singularGram(tensor:input:ridge:)``, ``MergingError/nonFiniteResult(tensor:element:)``.
  package func solve(into targets: [LinearParameters]) throws(MergingError) -> SolveReport {
    precondition(!isSolved, "a system is solved once")
    guard coefficientSum > 0 else { throw .noModels }
    try checkShapes(of: targets, joint: false)
    isSolved = true
    let diagonal = (0..<order).map { gramSum[$0, $0] }
    let dead = diagonal.indices.filter { !(diagonal[$0] > NegligibleWeight.smallestSum) }
    // Divided before they are added, so that sums near the largest Double do not overflow.
    let living = Double(max(1, order - dead.count))
    let mean = dead.count == order ? 1 : diagonal.reduce(0) { $0 + $1 / living }
    let (factor, ridge) = try factorize(dead: dead, mean: mean)
    if ridge > 0 {
      LinearAlgebra.add(parameterSum.elements, times: ridge * mean / coefficientSum, to: productSum.elements)
    }
    factor.solve(productSum)
    for row in 0..<productSum.rows {
      for input in dead { productSum[row, input] = parameterSum[row, input] / coefficientSum }
    }
    for layer in layers.indices { try store(layer, in: targets[layer]) }
    let reciprocal = factor.reciprocalCondition()
    return SolveReport(
      tensors: layers.map(\.tensor), ridge: ridge > 0 ? ridge : nil,
      condition: reciprocal > 1 / .greatestFiniteMagnitude ? 1 / reciprocal : .greatestFiniteMagnitude,
      deadInputs: dead.count)
  }

  /// The factor of the sum, with the smallest ridge that makes it positive definite.
  private func factorize(dead: [Int], mean: Double) throws(MergingError) -> (Cholesky, ridge: Double) {
    var failure = MergingError.noModels
    for ridge in rule.ridges {
      for row in 0..<order {
        copy(gramSum.row(row)[row..<order], to: square.row(row)[row..<order])
        square[row, row] += ridge * mean
      }
      // Any positive diagonal would do; the mean leaves the condition estimate alone.
      for input in dead {
        for row in 0..<input { square[row, input] = 0 }
        square.row(input)[input..<order].clear()
        square[input, input] = mean
      }
      do {
        return (try Cholesky(factoring: square), ridge)
      } catch {
        failure = .singularGram(tensor: layers[0].tensor, input: error.row, ridge: ridge)
      }
    }
    throw failure
  }

  /// One layer's rows of the solution.
  private func store(_ layer: Int, in target: LinearParameters) throws(MergingError) {
    let solution = productSum.rows(rowRanges[layer])
    for row in 0..<solution.rows {
      let values = target.weight.row(row)
      narrow(solution.row(row)[0..<inputs], into: values)
      if let place = firstNonFinite(values) {
        throw .nonFiniteResult(tensor: layers[layer].tensor, element: row * inputs + place)
      }
    }
    guard let bias = target.bias else { return }
    if order > inputs {
      for row in 0..<solution.rows { bias[row] = Float(solution[row, inputs]) }
    } else {
      guard let sums = biasSums[layer] else {
        throw .countMismatch(subject: layers[layer].tensor, what: "biases", expected: bias.count, found: 0)
      }
      storeQuotients(sums, by: coefficientSum, in: bias)
    }
    if let place = firstNonFinite(bias) {
      throw .nonFiniteResult(tensor: "bias of \(layers[layer].tensor)", element: place)
    }
  }
}
