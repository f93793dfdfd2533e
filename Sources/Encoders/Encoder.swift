import LinearAlgebra

/// An encoder with its classification head, on ragged batches: runs the blocks of its layers forward, and backward past
/// observers.
///
/// One rank owns one encoder, and one arena that all its matrices come from. Not thread-safe. **Not collective.**
package final class Encoder<Scalar: KernelScalar> {
  package let weights: EncoderWeights<Scalar>
  package let arena = Arena()

  package init(weights: EncoderWeights<Scalar>) { self.weights = weights }

  package var configuration: EncoderConfiguration { weights.configuration }
}
