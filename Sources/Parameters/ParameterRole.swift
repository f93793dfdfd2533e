/// What a parameter does, as the block that owns it says. Merging rules, Gram matrices, checks and the merging of heads
/// read roles and never ask which component a parameter is.
package struct ParameterRole: Sendable, Hashable, Codable {
  /// Where a parameter stands in the flow of the data.
  package enum Stage: Sendable, Hashable, Codable {
    /// Below the first layer: tables, their LayerNorm and projection.
    case embeddings
    /// The attention of a layer, counted from 0, up to its LayerNorm.
    case attention(layer: Int)
    /// The feed-forward part of a layer, up to its LayerNorm.
    case feedForward(layer: Int)
    /// Above the last layer, and part of the merged model.
    case pooler
    /// A task's own.
    case head

    /// Whether what stands here is computed for every token, or once for each example: the pooler reads first tokens
    /// alone.
    package var isPerToken: Bool { self != .pooler && self != .head }
  }

  /// The nodes whose masks the mask Fisher is of.
  package enum Nodes: Sendable, Hashable, Codable {
    case heads
    case neurons
  }

  /// How the nodes of the parameter's stage lie in its tensor. Linear layers are stored as PyTorch stores them,
  /// [outputs, inputs].
  package enum Spread: Sendable, Hashable, Codable {
    /// Common to all nodes.
    case whole
    /// Equal blocks of consecutive rows (or entries of a vector), one for each node.
    ///
    /// - isScaled: whether the mask multiplies what these rows give, without a nonlinear function between: so the rows
    ///   of V, not those of Q and K.
    case rows(Nodes, isScaled: Bool)
    /// One row (or entry of a vector) for each label of a task, in the task's own order.
    case labels
    /// Equal blocks of consecutive columns, one for each node, which the mask multiplies.
    case columns(Nodes)
  }

  package let stage: Stage
  package let spread: Spread
  /// Of a linear layer: where it takes its input. Layers with one input share a Gram matrix.
  package let input: LinearInput?
  /// Whether the loss does not depend on the parameter, so that its Fisher is exactly 0 and what is computed is
  /// rounding noise: a key's bias, which a softmax over all keys does not see.
  package let isGradientFree: Bool

  package init(_ stage: Stage, _ spread: Spread = .whole, input: LinearInput? = nil, isGradientFree: Bool = false) {
    self.stage = stage
    self.spread = spread
    self.input = input
    self.isGradientFree = isGradientFree
  }
}
