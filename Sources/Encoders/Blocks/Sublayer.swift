import LinearAlgebra
import Parameters

/// A block of a layer and the LayerNorm of its sum with its input, as a family names them.
package struct SublayerForm: Sendable {
  /// The blocks that a layer may be made of.
  package enum Block: Sendable {
    case attention(AttentionForm)
    case feedForward(FeedForwardForm)
  }

  let block: Block
  let norm: NormForm

  init(_ block: Block, norm: NormForm) {
    self.block = block
    self.norm = norm
  }

  private func normRole(_ layer: Int) -> ParameterRole {
    switch block {
    case .attention: ParameterRole(.attention(layer: layer))
    case .feedForward: ParameterRole(.feedForward(layer: layer))
    }
  }

  func parameters(layer: Int, of c: EncoderConfiguration) -> [Parameter] {
    let ofBlock =
      switch block {
      case .attention(let form): form.parameters(layer: layer, of: c)
      case .feedForward(let form): form.parameters(layer: layer, of: c)
      }
    return ofBlock + norm.parameters(layer: layer, width: c.hidden, role: normRole(layer)).all
  }

  func bind<Scalar>(layer: Int, _ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> Sublayer<Scalar> {
    let bound: Sublayer<Scalar>.Block =
      switch block {
      case .attention(let form): .attention(form.bind(layer: layer, c, views))
      case .feedForward(let form): .feedForward(form.bind(layer: layer, c, views))
      }
    return Sublayer(
      block: bound,
      norm: Norm(norm, layer: layer, width: c.hidden, configuration: c, role: normRole(layer), views))
  }
}

/// y = LayerNorm(block(x) + x): what layers are lists of.
package struct Sublayer<Scalar: KernelScalar> {
  /// A closed list of values instead of existentials, which would be boxed for every call.
  package enum Block {
    case attention(Attention<Scalar>)
    case feedForward(FeedForward<Scalar>)
  }

  package let block: Block
  package let norm: Norm<Scalar>

  package struct Kept {
    enum Block {
      case attention(Attention<Scalar>.Kept)
      case feedForward(FeedForward<Scalar>.Kept)
    }

    let block: Block
    /// Its output is the sublayer's.
    let norm: Norm<Scalar>.Kept
    /// The rows of the output: all tokens, or each example's first.
    let queries: Segments
  }

  /// - Parameters:
  ///   - x: [T, D]; behind a sublayer of fewer queries [R, D].
  ///   - y: [R, D], other memory than x.
  ///   - keys: all tokens.
  ///   - queries: the rows that are wanted: all tokens, or each example's first.
  ///   - keeps: whether somebody will go backward.
  func forward(
    _ x: Matrix<Scalar>, into y: Matrix<Scalar>, keys: Segments, queries: Segments, keeps: Bool, in arena: Arena,
    show: Audience<Scalar>
  ) -> Kept {
    let own = x.rows == queries.rows ? x : keys.firstRows(of: x, in: arena)
    let kept: Kept.Block
    let pending: Vector<Scalar>?
    switch block {
    case .attention(let attention):
      kept = .attention(
        attention.forward(x, queryInput: own, into: y, keys: keys, queries: queries, in: arena, show: show))
      pending = attention.output.bias
    case .feedForward(let feedForward):
      kept = .feedForward(feedForward.forward(own, into: y, keeps: keeps, queries, in: arena, show: show))
      pending = feedForward.output.bias
    }
    let normalized = norm.forward(y, pending: pending, residual: own, into: y, in: arena)
    return Kept(block: kept, norm: normalized, queries: queries)
  }

  /// From the gradient at y, [S · R, D], to that at x, [S · T, D].
  ///
  /// - Parameters:
  ///   - g: overwritten, and where x has as many rows, the result's place.
  ///   - stopsAtMask: whether nobody wants to see what is below the block's mask.
  ///   - input: what x is the output of.
  /// - Returns: nil where it stopped at the mask.
  func backward(
    _ kept: Kept, gradient g: Matrix<Scalar>, keys: Segments, input: BlockInput<Scalar>, stopsAtMask: Bool,
    in arena: Arena, show: Audience<Scalar>
  ) -> Matrix<Scalar>? {
    norm.backward(kept.norm, gradient: g, kept.queries, show: show)
    switch (block, kept.block) {
    case (.attention(let attention), .attention(let own)):
      return attention.backward(
        own, gradient: g, keys: keys, queries: kept.queries, stopsAtMask: stopsAtMask, in: arena, show: show
      ) { input.output(in: arena) }
    case (.feedForward(let feedForward), .feedForward(let own)):
      feedForward.backward(own, gradient: g, kept.queries, in: arena, show: show) { input.output(in: arena) }
      return g
    default: preconditionFailure("what another block kept")
    }
  }
}
