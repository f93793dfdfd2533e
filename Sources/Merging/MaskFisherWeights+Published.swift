extension MaskFisherWeights {
  /// The weights of the public program of Fisher Mask Nodes (arXiv 2403.09891), for its own statistics: rule `paper` without
  /// normalisation, floor or coefficients. See `docs/compatibility.md`.
  ///
  /// The program merges one model after the other and sets an entry that is exactly 0 in both operands to 1 in both, before the
  /// means over layers. No later sum is 0 then, so that ones arise between the first two models alone, and the order of the
  /// models matters.
  package init(published sums: [MaskFisherSums], coefficients: Coefficients) throws(MergingError) {
    try self.init(
      try MaskFisherSums.withPublishedOnes(sums), rule: .fisherNodes, coefficients: coefficients, relativeBound: 0)
  }
}

extension MaskFisherSums {
  /// The same statistics with ones where the first two models are both exactly 0.
  static func withPublishedOnes(_ sums: [MaskFisherSums]) throws(MergingError) -> [MaskFisherSums] {
    guard sums.count >= 2 else { return sums }
    let (first, second) = (sums[0], sums[1])
    var result = sums
    for index in 0..<2 {
      let model = sums[index]
      result[index] = try MaskFisherSums(
        model: model.model, layers: model.layers, heads: model.heads, neurons: model.neurons,
        headSums: withOnes(model.headSums, first.headSums, second.headSums),
        neuronSums: withOnes(model.neuronSums, first.neuronSums, second.neuronSums), exampleCount: model.exampleCount)
    }
    return result
  }

  /// Shapes that differ are found where the weights are made.
  private static func withOnes(_ values: [Double], _ first: [Double], _ second: [Double]) -> [Double] {
    guard first.count == second.count else { return values }
    return values.indices.map { first[$0] == 0 && second[$0] == 0 ? 1 : values[$0] }
  }
}
