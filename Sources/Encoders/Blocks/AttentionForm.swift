import LinearAlgebra
import Parameters

/// Softmax attention as a family names it.
package struct AttentionForm: Sendable {
  /// Where the rows of W_Q, W_K and W_V lie.
  enum Projections: Sendable {
    case separate(query: LinearForm, key: LinearForm, value: LinearForm)
    /// One below the other in one tensor.
    case fused(LinearForm)
  }

  /// The layers of a table of relative positions, where it does not go through the tokens' own.
  struct PositionForms: Sendable {
    let key, query: LinearForm
  }

  let projections: Projections
  let output: LinearForm
  /// Of a family that may have them.
  let positions: PositionForms?

  init(_ projections: Projections, output: LinearForm, positions: PositionForms? = nil) {
    self.projections = projections
    self.output = output
    self.positions = positions
  }

  init(query: LinearForm, key: LinearForm, value: LinearForm, output: LinearForm, positions: PositionForms? = nil) {
    self.init(.separate(query: query, key: key, value: value), output: output, positions: positions)
  }

  /// The parameters of one layer.
  private struct Pairs {
    /// Of Q, K and V; or one for all three.
    let projections: [ParameterPair]
    let positionKey, positionQuery: ParameterPair?
    let output: ParameterPair

    var all: [Parameter] { (projections + [positionKey, positionQuery].compactMap(\.self) + [output]).flatMap(\.all) }
  }

  private func pairs(_ place: LayerPlace, _ c: EncoderConfiguration) -> Pairs {
    func pair(
      _ form: LinearForm, _ component: Component, outputs: Int? = nil, _ role: ParameterRole, bias: ParameterRole? = nil
    ) -> ParameterPair {
      form.parameters(
        component, at: place, outputs: outputs ?? c.hidden, inputs: c.hidden, role: role, biasRole: bias,
        hasBias: c.variant.attentionBias)
    }
    func role(
      _ spread: ParameterRole.Spread, _ input: LinearInput = .attention, readsTable: Bool = false,
      isGradientFree: Bool = false
    ) -> ParameterRole {
      ParameterRole(
        .attention, spread, uses: place.uses, input: input, readsTable: readsTable, isGradientFree: isGradientFree)
    }
    let (looks, gives) = (
      ParameterRole.Spread.rows(.heads, isScaled: false), ParameterRole.Spread.rows(.heads, isScaled: true)
    )
    let relative = c.variant.disentangled
    var (positionKey, positionQuery): (ParameterPair?, ParameterPair?)
    if let relative, let positions, !relative.sharesProjections {
      if relative.contentToPosition {
        // Its bias adds one number to all scores of a query.
        positionKey = pair(
          positions.key, .positionKey, role(looks, .relativePositions),
          bias: role(looks, .relativePositions, isGradientFree: true))
      }
      if relative.positionToContent {
        positionQuery = pair(positions.query, .positionQuery, role(looks, .relativePositions))
      }
    }
    let projections: [ParameterPair]
    switch self.projections {
    case .separate(let query, let key, let value):
      let shares = relative?.sharesProjections ?? false
      let (queryReads, keyReads) = (
        shares && relative?.positionToContent == true, shares && relative?.contentToPosition == true
      )
      // The bias adds one number to all scores of a query, which the softmax does not see; but not where a key meets
      // positions, which change from query to query.
      projections = [
        pair(query, .query, role(looks, readsTable: queryReads)),
        pair(
          key, .key, role(looks, readsTable: keyReads),
          bias: role(looks, readsTable: keyReads, isGradientFree: relative?.positionToContent != true)),
        pair(value, .value, role(gives)),
      ]
    case .fused(let form):
      projections = [pair(form, .queryKeyValue, outputs: 3 * c.hidden, role(.parts([looks, looks, gives])))]
    }
    return Pairs(
      projections: projections, positionKey: positionKey, positionQuery: positionQuery,
      output: pair(
        output, .attentionOutput, role(.columns(.heads), .attentionOutput), bias: role(.whole, .attentionOutput)))
  }

  func parameters(at place: LayerPlace, of c: EncoderConfiguration) -> [Parameter] { pairs(place, c).all }

  /// - Parameters:
  ///   - layer: of those that the data flow through.
  ///   - rotation: how this layer's queries and keys turn.
  func bind<Scalar>(
    layer: Int, at place: LayerPlace, _ c: EncoderConfiguration, _ views: ParameterViews<Scalar>,
    rotation: Rotation<Scalar>?
  ) -> Attention<Scalar> {
    let pairs = pairs(place, c)
    let linears: [Linear<Scalar>]
    switch projections {
    case .separate: linears = pairs.projections.map { Linear($0, views) }
    case .fused:
      linears = (0..<3).map { part in
        Linear(pairs.projections[0], views, outputs: part * c.hidden..<(part + 1) * c.hidden)
      }
    }
    let relative = c.variant.disentangled
    let shares = relative?.sharesProjections ?? false
    return Attention(
      layer: layer, heads: c.heads, query: linears[0], key: linears[1], value: linears[2],
      output: Linear(pairs.output, views),
      positionKey: shares && relative?.contentToPosition == true
        ? linears[1] : pairs.positionKey.map { Linear($0, views) },
      positionQuery: shares && relative?.positionToContent == true
        ? linears[0] : pairs.positionQuery.map { Linear($0, views) },
      sharesProjections: shares, scale: 1 / Scalar(c.headSize * c.variant.scoreTerms).squareRoot(),
      window: c.window(ofLayer: place.number), rotation: rotation)
  }
}
