import Parameters
import LinearAlgebra

/// One place of the encoder as the backward pass goes by: what went in and what gradient came back.
///
/// R is the number of rows of the block at this place (`segments.rows`) and S the number of columns of the gradient
/// factor, which go backward together: rows s · R ..< (s + 1) · R of `gradient` belong to column s.
package struct Observation<Scalar: KernelScalar> {
  /// At a mask: which of the layers that the data flow through. Else the parameter's; nil outside the layers.
  package let layer: Int?
  /// At a linear layer: which row of the weight gave the first of these outputs. Tensors that hold several layers are
  /// shown in parts.
  package let firstOutput: Int
  /// - At a linear layer: X, [R, inputs].
  /// - At a LayerNorm: x̂ = (z − mean) / deviation, [R, D].
  /// - At a mask: the activations that the mask multiplies, [R, D] or [R, I].
  package let input: Matrix<Scalar>
  /// ∂ℓ/∂(output) at a linear layer or LayerNorm, [S · R, outputs]; ∂ℓ/∂(input) at a mask, [S · R, D or I].
  package let gradient: Matrix<Scalar>
  /// Which rows belong to which example: all its tokens, or its first token alone.
  package let segments: Segments

  package init(
    layer: Int?, firstOutput: Int = 0, input: Matrix<Scalar>, gradient: Matrix<Scalar>, segments: Segments
  ) {
    self.layer = layer
    self.firstOutput = firstOutput
    self.input = input
    self.gradient = gradient
    self.segments = segments
  }

  /// S, the number of columns.
  package var columns: Int { segments.rows == 0 ? 0 : gradient.rows / segments.rows }

  /// The gradient of one example for one column, [the example's rows, outputs].
  package func gradient(column: Int, example: Int) -> Matrix<Scalar> {
    let rows = segments[example]
    let base = column * segments.rows
    return gradient.rows(base + rows.lowerBound..<base + rows.upperBound)
  }
}

/// What a statistic wants to be shown.
package struct ObserverInterests: OptionSet, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  /// The gradients at head and neuron masks.
  package static let masks = ObserverInterests(rawValue: 1)
  /// The gradients at linear layers, LayerNorms and embeddings.
  package static let parameters = ObserverInterests(rawValue: 2)
  /// The inputs of linear layers, during the forward pass.
  package static let inputs = ObserverInterests(rawValue: 4)
  /// The token ids of every batch, which no computation is needed for.
  package static let tokens = ObserverInterests(rawValue: 8)
  /// The gradients at the masks of tokens: the backward pass goes on to the embeddings, but no linear layer is shown.
  package static let tokenMasks = ObserverInterests(rawValue: 16)
  /// Everything that needs a backward pass.
  package static let gradients: ObserverInterests = [.masks, .parameters, .tokenMasks]
}

/// The seam between calculus and statistics: the encoder computes and differentiates, an observer does one thing with
/// what it is shown.
///
/// No statistic is written into a layer, and no observer knows how a gradient was made. Views are valid during the call
/// only. An observer implements what it asks for; it is shown nothing else.
package protocol EncoderObserver<Scalar>: AnyObject {
  associatedtype Scalar: KernelScalar

  /// What this observer wants to be shown; below what all observers ask for, nothing is differentiated.
  var interests: ObserverInterests { get }

  /// A mask of ones on each head's context: `input` is [R, D], a head is D / H consecutive columns.
  func observeHeadMask(_ observation: Observation<Scalar>)
  /// A mask of ones on the activations between the feed-forward matrices: `input` is [R, I].
  func observeNeuronMask(_ observation: Observation<Scalar>)
  /// A mask of ones on each word's embedding row: `input` is the row of each token, [T, E], before anything is added;
  /// `tokens` are the token ids, [T].
  func observeTokenMask(_ tokens: [Int32], _ observation: Observation<Scalar>)
  /// Y = X Wᵀ + b. Once for each layer that uses the parameter, from the last to the first.
  func observeLinear(_ component: Component, _ observation: Observation<Scalar>)
  /// y = x̂ ⊙ weight + bias; the model may have no bias. Once for each layer that uses the parameter.
  func observeNorm(_ component: Component, _ observation: Observation<Scalar>)
  /// The sum of rows of tables: of words, positions and token types, where `gradient` is [S · T, E] and T the tokens;
  /// or a table of relative positions, where T counts the rows that the examples look at, each for itself.
  func observeEmbeddings(_ tables: [TableRows], gradient: Matrix<Scalar>, _ segments: Segments)
  /// X, [R, inputs], at one place of the forward pass. All tokens, in the last layer too; one row of each example at
  /// pooler and classifier. Once for each layer that uses the parameters there; `layer` is the parameters'.
  func observeInput(_ place: LinearInput, layer: Int?, _ x: Matrix<Scalar>, _ segments: Segments)
  /// A batch before it is computed.
  func observeTokens(_ batch: TokenBatch)
}

extension EncoderObserver {
  package func observeHeadMask(_ observation: Observation<Scalar>) {}
  package func observeNeuronMask(_ observation: Observation<Scalar>) {}
  package func observeTokenMask(_ tokens: [Int32], _ observation: Observation<Scalar>) {}
  package func observeLinear(_ component: Component, _ observation: Observation<Scalar>) {}
  package func observeNorm(_ component: Component, _ observation: Observation<Scalar>) {}
  package func observeEmbeddings(_ tables: [TableRows], gradient: Matrix<Scalar>, _ segments: Segments) {}
  package func observeInput(_ place: LinearInput, layer: Int?, _ x: Matrix<Scalar>, _ segments: Segments) {}
  package func observeTokens(_ batch: TokenBatch) {}
}
