extension MaskFisherSums {
  /// The statistics as the public program of Fisher Mask Nodes (arXiv 2403.09891) merges them, for its own statistics:
  /// not divided by the number of examples, and with ones where the first two models are both exactly 0. See
  /// `docs/compatibility.md`.
  ///
  /// The program merges one model after the other and sets an entry that is exactly 0 in both operands to 1 in both,
  /// before the means over layers. No later sum is 0 then, so that ones arise between the first two models alone, and
  /// the order of the models matters.
  static func asSummed(_ sums: [MaskFisherSums]) throws(MergingError) -> [MaskFisherSums] {
    var result: [MaskFisherSums] = []
    for (index, model) in sums.enumerated() {
      let others = index < 2 ? Array(sums.prefix(2)) : []
      result.append(
        try MaskFisherSums(
          model: model.model, layers: model.layers, heads: model.heads, neurons: model.neurons,
          headSums: withOnes(model.headSums, whereZeroIn: others.map(\.headSums)),
          neuronSums: withOnes(model.neuronSums, whereZeroIn: others.map(\.neuronSums)), exampleCount: 1))
    }
    return result
  }

  private static func withOnes(_ values: [Double], whereZeroIn pair: [[Double]]) -> [Double] {
    guard pair.count == 2 else { return values }
    return values.indices.map { place in pair.allSatisfy { $0[place] == 0 } ? 1 : values[place] }
  }
}
