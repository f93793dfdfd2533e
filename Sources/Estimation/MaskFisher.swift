import Encoders
import LinearAlgebra

/// The Fisher information of multiplicative masks of ones on attention heads and feed-forward neurons, summed over examples.
///
/// With m_head[l, h] scaling a head's context and m_ffn[l, j] a neuron's activation (after GELU),
/// ∂ℓ/∂m_head = Σ_{t,j} ctx · ∂ℓ/∂ctx and ∂ℓ/∂m_ffn = Σ_t a · ∂ℓ/∂a, which are squared per example and column.
/// Source: Fisher Mask Nodes for Language Model Merging (arXiv 2403.09891), section 3; Kwon et al. 2022 for the masks.
package final class MaskFisher<Scalar: KernelScalar>: Statistic {
  package let interests: GradientInterests = .masks
  /// `head_mask` [L, H] and `neuron_mask` [L, I].
  package let sums: FixedPointSums
  /// The current block's sums, in double: [L · H] and [L · I].
  private let heads: Buffer<Double>
  private let neurons: Buffer<Double>
  /// One example's mask gradient, [H] and [I].
  private let headGradient: Buffer<Scalar>
  private let neuronGradient: Buffer<Scalar>

  package init(configuration: EncoderConfiguration) {
    let (layers, heads, neurons) = (configuration.layers, configuration.heads, configuration.intermediate)
    sums = FixedPointSums(tensors: [("head_mask", [layers, heads]), ("neuron_mask", [layers, neurons])])
    self.heads = Buffer(count: layers * heads)
    self.neurons = Buffer(count: layers * neurons)
    headGradient = Buffer(count: heads)
    neuronGradient = Buffer(count: neurons)
  }

  package func observeHeadMask(_ o: Observation<Scalar>) {
    let gradient = headGradient.vector
    let layer = (o.layer ?? 0) * gradient.count
    for example in 0..<o.segments.count {
      for column in 0..<o.columns {
        groupDots(o.input.rows(o.segments[example]), o.gradient(column: column, example: example), into: gradient)
        addSquares(of: gradient, toWide: heads.vector[layer..<layer + gradient.count])
      }
    }
  }

  package func observeNeuronMask(_ o: Observation<Scalar>) {
    let gradient = neuronGradient.vector
    let layer = (o.layer ?? 0) * gradient.count
    for example in 0..<o.segments.count {
      for column in 0..<o.columns {
        columnDots(o.input.rows(o.segments[example]), o.gradient(column: column, example: example), into: gradient)
        addSquares(of: gradient, toWide: neurons.vector[layer..<layer + gradient.count])
      }
    }
  }

  package func finishBlock() {
    for (slot, block) in [heads, neurons].enumerated() {
      sums.close(slot, terms: 1, magnitude: sums.add(block.vector, to: slot))
      block.clear()
    }
  }

  package func observeLinear(_ component: Component, _ observation: Observation<Scalar>) {}
  package func observeNorm(_ component: Component, _ observation: Observation<Scalar>) {}
  package func observeEmbeddings(of batch: TokenBatch, gradient: Matrix<Scalar>) {}
}
