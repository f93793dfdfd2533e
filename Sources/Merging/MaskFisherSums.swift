/// The mask Fisher of one model as it was summed over examples: Σ_n (∂ℓ_n/∂m)² of every head and every neuron.
///
/// Sums and a count, not means, so that the statistics of two shards add up and are divided once.
package struct MaskFisherSums: Hashable, Sendable {
  /// The model's name, for messages.
  package let model: String
  package let layers: Int
  /// The heads H of each layer.
  package let heads: Int
  /// The neurons I of each layer.
  package let neurons: Int
  /// [L, H] in row order.
  package let headSums: [Double]
  /// [L, I] in row order.
  package let neuronSums: [Double]
  /// The number of examples N in the sums.
  package let exampleCount: Int

  /// - Throws: ``MergingError`` naming the model where the counts do not fit the shapes, a sum is negative or not
  ///   finite, or there are no examples.
  package init(
    model: String, layers: Int, heads: Int, neurons: Int,
    headSums: [Double], neuronSums: [Double], exampleCount: Int
  ) throws(MergingError) {
    guard exampleCount > 0 else { throw .noExamples(subject: model) }
    for (name, sums, width) in [("head masks", headSums, heads), ("neuron masks", neuronSums, neurons)] {
      guard sums.count == layers * width, !sums.isEmpty else {
        throw .countMismatch(subject: model, what: name, expected: max(1, layers * width), found: sums.count)
      }
      if let element = sums.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
        throw .invalidStatistic(subject: "\(model), \(name)", element: element, value: sums[element])
      }
    }
    self.model = model
    self.layers = layers
    self.heads = heads
    self.neurons = neurons
    self.headSums = headSums
    self.neuronSums = neuronSums
    self.exampleCount = exampleCount
  }
}

/// The mask Fisher of one model per example, and its means over layers: what the rules take weights from.
///
/// Values below ``NegligibleWeight/relativeBound`` of the largest of their mask tensor are zero here, unless another
/// bound is given.
package struct MaskFisherMeans: Hashable, Sendable {
  /// F_head[l][h].
  package private(set) var head: [[Double]]
  /// F_ffn[l][j].
  package private(set) var neuron: [[Double]]
  /// h̄_l, the mean of F_head over the heads of layer l.
  package private(set) var headMean: [Double]
  /// n̄_l, the mean of F_ffn over the neurons of layer l.
  package private(set) var neuronMean: [Double]
  /// u, the mean of h̄_l + n̄_l over the layers: one number for the whole model.
  package private(set) var overall: Double

  package init(_ sums: MaskFisherSums) { self.init(sums, relativeBound: NegligibleWeight.relativeBound) }

  init(_ sums: MaskFisherSums, relativeBound: Double) {
    func means(_ values: [Double]) -> [[Double]] {
      Self.means(values, rows: sums.layers, exampleCount: sums.exampleCount, relativeBound: relativeBound)
    }
    head = means(sums.headSums)
    neuron = means(sums.neuronSums)
    headMean = head.map(Self.mean)
    neuronMean = neuron.map(Self.mean)
    overall = Self.mean(zip(headMean, neuronMean).map { $0 + $1 })
  }

  /// Every value divided by the model's own u; unchanged where all masks are zero.
  package func normalized() -> MaskFisherMeans {
    guard overall > 0 else { return self }
    var result = self
    result.head = head.map { $0.map { $0 / overall } }
    result.neuron = neuron.map { $0.map { $0 / overall } }
    result.headMean = headMean.map { $0 / overall }
    result.neuronMean = neuronMean.map { $0 / overall }
    result.overall = 1
    return result
  }

  private static func means(
    _ sums: [Double], rows: Int, exampleCount: Int, relativeBound: Double
  ) -> [[Double]] {
    let bound = (sums.max() ?? 0) * relativeBound
    let means = sums.map { $0 < bound ? 0 : $0 / Double(exampleCount) }
    let width = sums.count / rows
    return (0..<rows).map { Array(means[$0 * width..<($0 + 1) * width]) }
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}
