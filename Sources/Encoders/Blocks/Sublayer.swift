import LinearAlgebra
import Parameters

/// y = LayerNorm(block(x) + x), or y = x + block(LayerNorm(x)): what layers are lists of.
package struct Sublayer<Scalar: KernelScalar> {
  /// A closed list of values instead of existentials, which would be boxed for every call.
  package enum Block {
    case attention(Attention<Scalar>)
    case feedForward(FeedForward<Scalar>)
    /// Of the layer's input.
    case convolution(Convolution<Scalar>)
  }

  package let block: Block
  /// Nil where x goes into the block as it is.
  package let norm: Norm<Scalar>?
  /// Whether the LayerNorm is the block's input's instead of the sum's.
  let isNormFirst: Bool

  package struct Kept {
    enum Block {
      case attention(Attention<Scalar>.Kept)
      case feedForward(FeedForward<Scalar>.Kept)
      case convolution(Convolution<Scalar>.Kept)
    }

    let block: Block
    /// Its output is the sublayer's, or the block's input.
    let norm: Norm<Scalar>.Kept?
    /// The rows of the output: all tokens, or each example's first.
    let queries: Segments
  }

  /// What all blocks of a pass have in common.
  struct Pass {
    /// All tokens.
    let keys: Segments
    let relative: RelativePass<Scalar>?
    let arena: Arena
    let show: Audience<Scalar>
  }

  /// - Parameters:
  ///   - x: [T, D]; behind a sublayer of fewer queries [R, D].
  ///   - layerInput: what the layer began with, [T, D].
  ///   - y: [R, D], other memory than x.
  ///   - queries: the rows that are wanted: all tokens, or each example's first.
  ///   - keeps: whether somebody will go backward.
  func forward(
    _ x: Matrix<Scalar>, layerInput: Matrix<Scalar>, into y: Matrix<Scalar>, queries: Segments, keeps: Bool,
    _ pass: Pass
  ) -> Kept {
    let arena = pass.arena
    func own(_ x: Matrix<Scalar>) -> Matrix<Scalar> {
      x.rows == queries.rows ? x : pass.keys.firstRows(of: x, in: arena)
    }
    var (input, normalized) = (x, Norm<Scalar>.Kept?.none)
    if isNormFirst, let norm {
      input = arena.matrix(x.rows, x.columns)
      normalized = norm.forward(x, into: input, in: arena)
    }
    let residual = own(x)
    let blockInput = isNormFirst ? own(input) : residual
    let kept: Kept.Block
    let pending: Vector<Scalar>?
    switch block {
    case .attention(let attention):
      kept = .attention(
        attention.forward(
          input, queryInput: blockInput, into: y, keys: pass.keys, queries: queries, relative: pass.relative, in: arena,
          show: pass.show))
      pending = attention.output.bias
    case .feedForward(let feedForward):
      kept = .feedForward(feedForward.forward(blockInput, into: y, keeps: keeps, queries, in: arena, show: pass.show))
      pending = feedForward.output.bias
    case .convolution(let convolution):
      kept = .convolution(
        convolution.forward(layerInput, into: y, keeps: keeps, keys: pass.keys, queries: queries, in: arena))
      pending = nil
    }
    if isNormFirst {
      if let pending { add(bias: pending, to: y) }
      add(residual, to: y)
    } else {
      normalized = norm?.forward(y, pending: pending, residual: residual, into: y, in: arena)
    }
    return Kept(block: kept, norm: normalized, queries: queries)
  }

  /// LayerNorm(x) where the block's input has one; nil where the block takes x as it is.
  func normalizedInput(_ x: Matrix<Scalar>, in arena: Arena) -> Matrix<Scalar>? {
    guard isNormFirst, let norm else { return nil }
    let input = arena.matrix(x.rows, x.columns, of: Scalar.self)
    _ = norm.forward(x, into: input, in: arena)
    return input
  }

  /// From a block's output with its bias, in place, to the sublayer's.
  func finish(_ y: Matrix<Scalar>, residual: Matrix<Scalar>, in arena: Arena) {
    if isNormFirst {
      add(residual, to: y)
    } else {
      _ = norm?.forward(y, residual: residual, into: y, in: arena)
    }
  }

  /// From the gradient at y, [S · R, D], to that at x, [S · T, D].
  ///
  /// - Parameters:
  ///   - g: overwritten, and where x has as many rows, the result's place.
  ///   - relativeGradient: where the layers sum the gradient of what they share about positions; nil where nobody wants
  ///     to see it.
  ///   - atLayerInput: where the gradient goes that comes to the layer's input beside x; nil where nobody wants it.
  ///   - stopsAtMask: whether nobody wants to see what is below the block's mask.
  ///   - input: what x is the output of.
  ///   - layerInput: gives the layer's input.
  /// - Returns: nil where it stopped at the mask.
  func backward(
    _ kept: Kept, gradient g: Matrix<Scalar>, relativeGradient: RelativeGradient<Scalar>?,
    atLayerInput: Matrix<Scalar>?, input: BlockInput<Scalar>, layerInput: BlockInput<Scalar>, stopsAtMask: Bool,
    _ pass: Pass
  ) -> Matrix<Scalar>? {
    let (arena, show) = (pass.arena, pass.show)
    if isNormFirst {
      return backwardToNorm(
        kept, gradient: g, relativeGradient: relativeGradient, input: input, stopsAtMask: stopsAtMask, pass)
    }
    if let norm, let own = kept.norm { norm.backward(own, gradient: g, kept.queries, show: show) }
    switch (block, kept.block) {
    case (.attention(let attention), .attention(let own)):
      return attention.backward(
        own, gradient: g, keys: pass.keys, queries: kept.queries,
        relative: pass.relative.map { ($0, relativeGradient) },
        stopsAtMask: stopsAtMask, in: arena, show: show
      ) { input.output(in: arena) }
    case (.feedForward(let feedForward), .feedForward(let own)):
      feedForward.backward(own, gradient: g, into: g, adds: true, kept.queries, in: arena, show: show) {
        input.output(in: arena)
      }
      return g
    case (.convolution(let convolution), .convolution(let own)):
      let start = arena.mark
      let copied = arena.matrix(g.rows, g.columns, of: Scalar.self)
      copy(g.elements, to: copied.elements)
      convolution.backward(
        own, gradient: copied, into: atLayerInput, keys: pass.keys, queries: kept.queries, in: arena, show: show
      ) { layerInput.output(in: arena) }
      arena.release(to: start)
      return g
    default: preconditionFailure("what another block kept")
    }
  }

  /// The same where the LayerNorm is the block's input's: the gradient goes through block and LayerNorm, and past them.
  private func backwardToNorm(
    _ kept: Kept, gradient g: Matrix<Scalar>, relativeGradient: RelativeGradient<Scalar>?, input: BlockInput<Scalar>,
    stopsAtMask: Bool, _ pass: Pass
  ) -> Matrix<Scalar>? {
    let (arena, show) = (pass.arena, pass.show)
    func blockInput() -> Matrix<Scalar> { kept.norm?.output(in: arena) ?? input.output(in: arena) }
    func through(_ gradient: Matrix<Scalar>, _ segments: Segments) {
      if let norm, let own = kept.norm { norm.backward(own, gradient: gradient, segments, show: show) }
    }
    let start = arena.mark
    switch (block, kept.block) {
    case (.attention(let attention), .attention(let own)):
      let below = attention.backward(
        own, gradient: g, addsToGradient: false, keys: pass.keys, queries: kept.queries,
        relative: pass.relative.map { ($0, relativeGradient) }, stopsAtMask: stopsAtMask, in: arena, show: show,
        input: blockInput)
      guard let below else { return nil }
      through(below, pass.keys)
      if kept.queries.rows == pass.keys.rows {
        add(below, to: g)
        arena.release(to: start)
        return g
      }
      add(g, toFirstRowsOf: below, pass.keys)
      return below
    case (.feedForward(let feedForward), .feedForward(let own)):
      let below = arena.matrix(g.rows, g.columns, of: Scalar.self)
      feedForward.backward(
        own, gradient: g, into: below, adds: false, kept.queries, in: arena, show: show, input: blockInput)
      through(below, kept.queries)
      add(below, to: g)
      arena.release(to: start)
      return g
    default: preconditionFailure("what another block kept")
    }
  }
}
