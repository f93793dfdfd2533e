import LinearAlgebra

/// A BERT-like encoder with its classification head, on ragged blocks: forward, and backward past observers.
///
/// One rank owns one encoder, and one arena that all its matrices come from. Not thread-safe. **Not collective.**
package final class Encoder<Scalar: KernelScalar> {
  package let weights: EncoderWeights<Scalar>
  package let arena = Arena()

  package init(weights: EncoderWeights<Scalar>) { self.weights = weights }

  package var configuration: EncoderConfiguration { weights.configuration }

  /// Y = X Wᵀ, in new memory; the bias is added where the next kernel can do it in passing.
  func product(_ x: Matrix<Scalar>, _ linear: EncoderWeights<Scalar>.Linear) -> Matrix<Scalar> {
    let y = arena.matrix(x.rows, linear.weight.rows, of: Scalar.self)
    multiplyRows(x, linear.weight, into: y, transposeB: true, scratch: arena)
    return y
  }

  /// Y = X Wᵀ + b, in new memory.
  func apply(_ linear: EncoderWeights<Scalar>.Linear, to x: Matrix<Scalar>) -> Matrix<Scalar> {
    let y = product(x, linear)
    add(bias: linear.bias, to: y)
    return y
  }
}
