import LinearAlgebra
import Parameters

/// A block of a layer and the LayerNorm that goes with it, as a family names them.
package struct SublayerForm: Sendable {
  /// The blocks that a layer may be made of.
  package enum Block: Sendable {
    case attention(AttentionForm)
    case feedForward(FeedForwardForm)
    /// Of the encoder's input, behind the first layer.
    case convolution(ConvolutionForm)
  }

  /// Where the LayerNorm stands.
  enum Order: Sendable {
    /// y = LayerNorm(block(x) + x).
    case normAfterSum
    /// y = x + block(LayerNorm(x)).
    case normBeforeBlock
    /// The same, but for the first layer, which has no LayerNorm.
    case normBeforeBlockButFirst
  }

  let block: Block
  let norm: NormForm
  let order: Order

  init(_ block: Block, norm: NormForm, order: Order = .normAfterSum) {
    self.block = block
    self.norm = norm
    self.order = order
  }

  /// Whether a layer has it.
  private func isPresent(at place: LayerPlace, _ c: EncoderConfiguration) -> Bool {
    if case .convolution = block { return place.number == 0 && c.variant.convolution != nil }
    return true
  }

  private func hasNorm(at place: LayerPlace) -> Bool { order != .normBeforeBlockButFirst || place.number > 0 }

  /// The layer as the LayerNorm's parameters know it, and their role.
  private func norm(at place: LayerPlace) -> (place: LayerPlace?, role: ParameterRole) {
    switch block {
    case .attention: (place, ParameterRole(.attention, uses: place.uses))
    case .feedForward: (place, ParameterRole(.feedForward, uses: place.uses))
    case .convolution: (nil, ConvolutionForm.role)
    }
  }

  func parameters(at place: LayerPlace, of c: EncoderConfiguration) -> [Parameter] {
    guard isPresent(at: place, c) else { return [] }
    let ofBlock =
      switch block {
      case .attention(let form): form.parameters(at: place, of: c)
      case .feedForward(let form): form.parameters(at: place, of: c)
      case .convolution(let form): form.parameters(of: c)
      }
    guard hasNorm(at: place) else { return ofBlock }
    let own = norm(at: place)
    let ofNorm = norm.parameters(at: own.place, width: c.hidden, of: c, role: own.role).all
    return order == .normAfterSum ? ofBlock + ofNorm : ofNorm + ofBlock
  }

  /// - Parameter layer: of those that the data flow through.
  /// - Returns: nil where the layer has no such block.
  func bind<Scalar>(
    layer: Int, at place: LayerPlace, _ c: EncoderConfiguration, _ views: ParameterViews<Scalar>,
    rotation: Rotation<Scalar>?
  ) -> Sublayer<Scalar>? {
    guard isPresent(at: place, c) else { return nil }
    let bound: Sublayer<Scalar>.Block
    switch block {
    case .attention(let form):
      bound = .attention(form.bind(layer: layer, at: place, c, views, rotation: rotation))
    case .feedForward(let form): bound = .feedForward(form.bind(layer: layer, at: place, c, views))
    case .convolution(let form):
      guard let convolution: Convolution<Scalar> = form.bind(c, views) else { return nil }
      bound = .convolution(convolution)
    }
    let own = self.norm(at: place)
    let norm =
      hasNorm(at: place)
      ? Norm<Scalar>(norm, at: own.place, width: c.hidden, configuration: c, role: own.role, views) : nil
    return Sublayer(block: bound, norm: norm, isNormFirst: order != .normAfterSum)
  }
}
