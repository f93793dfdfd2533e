/// The weights w_j of all models for one tensor: one number per model, or one per block of its rows or columns.
///
/// λ is multiplied in. Where the weights of all models are zero the plain λ-weighted average has taken their place, so
/// that every block has a positive sum and an average is always defined.
package struct SiteWeights: Hashable, Sendable {
  /// What a model's weights are spread over.
  package enum Axis: Hashable, Sendable {
    /// One weight for the whole tensor.
    case whole
    /// n weights for n equal blocks of consecutive rows: heads, or neurons where a block is one row.
    case rows
    /// n weights for n equal blocks of consecutive columns.
    case columns
  }

  package let axis: Axis
  /// [model][block], in recipe order. One block where the axis is `whole`.
  package let values: [[Double]]
  /// Σ_j w_j of each block, summed in recipe order.
  package let sums: [Double]
  /// How many blocks got the plain average, because no model had a weight there.
  package let plainBlocks: Int

  /// λ_j times a statistic of each model. See the type for zeros.
  ///
  /// - Parameter statistics: [model][block], each finite and at least zero.
  init(_ axis: Axis, statistics: [[Double]], coefficients: Coefficients) {
    let blocks = statistics[0].count
    var values = zip(coefficients.values, statistics).map { lambda, statistic in statistic.map { lambda * $0 } }
    var sums = [Double](repeating: 0, count: blocks)
    var plainBlocks = 0
    for block in 0..<blocks {
      var sum = 0.0
      for model in values.indices { sum += values[model][block] }
      if sum < NegligibleWeight.smallestSum {
        plainBlocks += 1
        sum = 0
        for model in values.indices {
          values[model][block] = coefficients.values[model]
          sum += coefficients.values[model]
        }
      }
      sums[block] = sum
    }
    self.axis = axis
    self.values = values
    self.sums = sums
    self.plainBlocks = plainBlocks
  }

  /// The weights of the method `linear`: λ_j for the whole tensor.
  package static func linear(_ coefficients: Coefficients) -> SiteWeights {
    SiteWeights(.whole, statistics: coefficients.values.map { _ in [1] }, coefficients: coefficients)
  }

  /// The weights of some consecutive blocks, for a caller that averages a tensor in pieces.
  package func blocks(_ range: Range<Int>) -> SiteWeights {
    SiteWeights(axis: axis, values: values.map { Array($0[range]) }, sums: Array(sums[range]), plainBlocks: 0)
  }

  private init(axis: Axis, values: [[Double]], sums: [Double], plainBlocks: Int) {
    self.axis = axis
    self.values = values
    self.sums = sums
    self.plainBlocks = plainBlocks
  }

  /// The number of models K.
  package var modelCount: Int { values.count }
  /// The number of blocks n.
  package var blockCount: Int { sums.count }
}
