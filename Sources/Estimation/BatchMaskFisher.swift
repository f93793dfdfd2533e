import Encoders
import LinearAlgebra

/// Not a Fisher information, but what the public program of Fisher Mask Nodes (arXiv 2403.09891) sums in its place: the
/// squared mask gradient of a BATCH's mean loss, one term for each batch, never divided. See `docs/compatibility.md`.
///
/// A block is a batch here, with the gradients of `empirical` at the logits: the loss's own but for the sign, and but
/// for the factor 2 of a squared error, which the program takes without ½.
package final class BatchMaskFisher<Scalar: KernelScalar>: Statistic {
  package let interests: ObserverInterests = .masks
  /// As those of ``MaskFisher``; the second moments are over batches.
  package let sums: FixedPointSums
  private let heads: Mask
  private let neurons: Mask
  /// ∂ loss / ∂ log-likelihood of one example, without the sign; the loss of a regression is the mean of the squares
  /// over its outputs.
  private let lossFactor: Double
  private var examples = 0

  package init(configuration: EncoderConfiguration) {
    let (layers, heads, neurons) = (configuration.depth, configuration.heads, configuration.intermediate)
    sums = FixedPointSums(tensors: MaskFisher<Scalar>.tensors(configuration))
    self.heads = Mask(layers: layers, width: heads)
    self.neurons = Mask(layers: layers, width: neurons)
    lossFactor = configuration.problem == .regression ? 2 / Double(configuration.outputs) : 1
  }

  package func observeHeadMask(_ o: Observation<Scalar>) {
    heads.add(o) { groupDots($0, $1, into: $2) }
    if o.layer == 0 { examples += o.segments.count }
  }

  package func observeNeuronMask(_ o: Observation<Scalar>) {
    neurons.add(o) { columnDots($0, $1, into: $2) }
  }

  package func finishBlock() {
    defer { examples = 0 }
    guard examples > 0 else { return }
    for (slot, mask) in [heads, neurons].enumerated() {
      // Exactly 0 has a meaning of its own in this program's merge, so no rounding of the sums may make a 0.
      let least = sums.exponents[slot].map { Double(sign: .plus, exponent: $0, significand: 1) } ?? 0
      mask.square(factor: lossFactor / Double(examples), least: least)
      sums.close(slot, terms: 1, magnitude: sums.add(mask.total.vector, to: slot))
      addSquares(of: mask.total.vector, toWide: mask.squares.vector)
      sums.close(2 + slot, terms: 1, magnitude: sums.add(mask.squares.vector, to: 2 + slot))
      mask.total.clear()
      mask.squares.clear()
    }
  }

  /// The current batch's gradient at one kind of mask, in double.
  private struct Mask {
    /// Σ over examples of the gradient, [L · width].
    let total: Buffer<Double>
    /// The squares of the batch's terms, [L · width].
    let squares: Buffer<Double>
    /// One example's, [width].
    let gradient: Buffer<Scalar>

    init(layers: Int, width: Int) {
      total = Buffer(count: layers * width)
      squares = Buffer(count: layers * width)
      gradient = Buffer(count: width)
    }

    func add(_ o: Observation<Scalar>, dots: (Matrix<Scalar>, Matrix<Scalar>, Vector<Scalar>) -> Void) {
      precondition(o.columns == 1, "one label for each example")
      let layer = (o.layer ?? 0) * gradient.count..<((o.layer ?? 0) + 1) * gradient.count
      for index in 0..<o.segments.count {
        dots(o.input.rows(o.segments[index]), o.gradient(column: 0, example: index), gradient.vector)
        LinearAlgebra.add(gradient.vector, toWide: total.vector[layer])
      }
    }

    /// x becomes (factor · x)², and at least `least` where x is not 0.
    func square(factor: Double, least: Double) {
      for index in 0..<total.count where total.vector[index] != 0 {
        let value = factor * total.vector[index]
        total.vector[index] = value.isNaN ? value : max(value * value, least)
      }
    }
  }
}
