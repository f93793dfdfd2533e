import Encoders
import LinearAlgebra

/// The Fisher information of multiplicative masks of ones on attention heads and feed-forward neurons, summed over
/// examples.
///
/// With m_head[l, h] scaling a head's context and m_ffn[l, j] a neuron's activation (after GELU),
/// ∂ℓ/∂m_head = Σ_{t,j} ctx · ∂ℓ/∂ctx and ∂ℓ/∂m_ffn = Σ_t a · ∂ℓ/∂a, which are squared per example and column.
/// Source: Fisher Mask Nodes for Language Model Merging (arXiv 2403.09891), section 3; Kwon et al. 2022 for the masks.
package final class MaskFisher<Scalar: KernelScalar>: Statistic {
  package let interests: ObserverInterests = .masks
  /// `head_mask` [L, H], `neuron_mask` [L, I], and the second moments of both: Σ over examples of the example's squared
  /// Fisher.
  package let sums: FixedPointSums
  private let heads: Mask
  private let neurons: Mask

  package init(configuration: EncoderConfiguration) {
    let (layers, heads, neurons) = (configuration.depth, configuration.heads, configuration.intermediate)
    sums = FixedPointSums(tensors: Self.tensors(configuration))
    self.heads = Mask(layers: layers, width: heads)
    self.neurons = Mask(layers: layers, width: neurons)
  }

  package func observeHeadMask(_ o: Observation<Scalar>) {
    heads.add(o) { groupDots($0, $1, into: $2) }
  }

  package func observeNeuronMask(_ o: Observation<Scalar>) {
    neurons.add(o) { columnDots($0, $1, into: $2) }
  }

  package func finishBlock() {
    for (slot, block) in [heads.total, neurons.total, heads.squares, neurons.squares].enumerated() {
      sums.close(slot, terms: 1, magnitude: sums.add(block.vector, to: slot))
      block.clear()
    }
  }

  /// The current block's sums over one kind of mask, in double.
  private struct Mask {
    /// Σ_n f_n and Σ_n f_n², [L · width]
    let total: Buffer<Double>
    let squares: Buffer<Double>
    /// One example's mask gradient for one column, and its f_n, [width].
    let gradient: Buffer<Scalar>
    let example: Buffer<Double>

    init(layers: Int, width: Int) {
      total = Buffer(count: layers * width)
      squares = Buffer(count: layers * width)
      gradient = Buffer(count: width)
      example = Buffer(count: width)
    }

    /// Adds all examples of one layer, their mask gradients made by `dots(activations, gradients, out)`.
    func add(_ o: Observation<Scalar>, dots: (Matrix<Scalar>, Matrix<Scalar>, Vector<Scalar>) -> Void) {
      let layer = (o.layer ?? 0) * gradient.count..<((o.layer ?? 0) + 1) * gradient.count
      for index in 0..<o.segments.count {
        example.clear()
        for column in 0..<o.columns {
          dots(o.input.rows(o.segments[index]), o.gradient(column: column, example: index), gradient.vector)
          addSquares(of: gradient.vector, toWide: example.vector)
        }
        LinearAlgebra.add(example.vector, toWide: total.vector[layer])
        addSquares(of: example.vector, toWide: squares.vector[layer])
      }
    }
  }
}
