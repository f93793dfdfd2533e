/// What a parameter does, as the block that owns it says. Merging rules, Gram matrices, checks and the merging of heads
/// read roles and never ask which component a parameter is.
package struct ParameterRole: Sendable, Hashable, Codable {
  /// Where a parameter stands in the flow of the data.
  package enum Stage: Sendable, Hashable, Codable {
    /// Known before the first layer: tables, also those of relative positions that all layers read, their LayerNorms,
    /// projection and convolution.
    case embeddings
    /// The attention of a layer, with its LayerNorm.
    case attention
    /// The feed-forward part of a layer, with its LayerNorm.
    case feedForward
    /// Above the last layer, and part of the merged model.
    case aboveLayers
    /// A task's own.
    case head

    /// Whether what stands here is computed for every token, or once for each example: a pooler reads one vector of each.
    package var isPerToken: Bool { self != .aboveLayers && self != .head }
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
    /// One row for each token id.
    case tokens
    /// Equal blocks of consecutive columns, one for each node, which the mask multiplies.
    case columns(Nodes)
    /// Equal parts of consecutive rows, each with a spread of its own: tensors that lie in one, as Q, K and V may.
    indirect case parts([Spread])

    /// How many tensors lie in this one.
    package var partCount: Int {
      if case .parts(let parts) = self { parts.count } else { 1 }
    }

    /// That of the first rows.
    package var first: Spread {
      if case .parts(let parts) = self, let first = parts.first { first } else { self }
    }
  }

  package let stage: Stage
  package let spread: Spread
  /// In the layers: which of the encoder's layers, counted from 0 in the order in which the data flow through them, use
  /// the parameter. One, unless layers share parameters.
  package let uses: [Int]
  /// Of a linear layer: where it takes its input. Layers with one input share a Gram matrix.
  package let input: LinearInput?
  /// Whether a linear layer of tokens is also applied to the table of relative positions.
  package let readsTable: Bool
  /// Whether the loss does not depend on the parameter, so that its Fisher is exactly 0 and what is computed is
  /// rounding noise: a key's bias, where a softmax over all keys does not see it.
  package let isGradientFree: Bool

  package init(
    _ stage: Stage, _ spread: Spread = .whole, uses: [Int] = [], input: LinearInput? = nil, readsTable: Bool = false,
    isGradientFree: Bool = false
  ) {
    self.stage = stage
    self.spread = spread
    self.uses = uses
    self.input = input
    self.readsTable = readsTable
    self.isGradientFree = isGradientFree
  }

  /// Whether several layers use the parameter: an example's gradient is the sum over them.
  package var isShared: Bool { uses.count > 1 }
}
