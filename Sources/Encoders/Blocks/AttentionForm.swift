import LinearAlgebra
import Parameters

/// Softmax attention as a family names it.
package struct AttentionForm: Sendable {
  let query, key, value, output: LinearForm

  private func parameters(
    _ form: LinearForm, _ component: Component, _ layer: Int, _ c: EncoderConfiguration, role: ParameterRole,
    biasRole: ParameterRole? = nil
  ) -> ParameterPair {
    form.parameters(component, layer: layer, outputs: c.hidden, inputs: c.hidden, role: role, biasRole: biasRole)
  }

  private func query(_ layer: Int, _ c: EncoderConfiguration) -> ParameterPair {
    let role = ParameterRole(.attention(layer: layer), .rows(.heads, isScaled: false), input: .attention)
    return parameters(query, .query, layer, c, role: role)
  }

  /// The bias adds one number to all scores of a query, which the softmax does not see.
  private func key(_ layer: Int, _ c: EncoderConfiguration) -> ParameterPair {
    let (stage, spread) = (
      ParameterRole.Stage.attention(layer: layer), ParameterRole.Spread.rows(.heads, isScaled: false)
    )
    return parameters(
      key, .key, layer, c, role: ParameterRole(stage, spread, input: .attention),
      biasRole: ParameterRole(stage, spread, input: .attention, isGradientFree: true))
  }

  private func value(_ layer: Int, _ c: EncoderConfiguration) -> ParameterPair {
    let role = ParameterRole(.attention(layer: layer), .rows(.heads, isScaled: true), input: .attention)
    return parameters(value, .value, layer, c, role: role)
  }

  private func output(_ layer: Int, _ c: EncoderConfiguration) -> ParameterPair {
    let stage = ParameterRole.Stage.attention(layer: layer)
    return parameters(
      output, .attentionOutput, layer, c, role: ParameterRole(stage, .columns(.heads), input: .attentionOutput),
      biasRole: ParameterRole(stage, input: .attentionOutput))
  }

  func parameters(layer: Int, of c: EncoderConfiguration) -> [Parameter] {
    [query(layer, c), key(layer, c), value(layer, c), output(layer, c)].flatMap(\.all)
  }

  func bind<Scalar>(layer: Int, _ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> Attention<Scalar> {
    Attention(
      layer: layer, heads: c.heads, query: Linear(query(layer, c), views), key: Linear(key(layer, c), views),
      value: Linear(value(layer, c), views), output: Linear(output(layer, c), views))
  }
}
