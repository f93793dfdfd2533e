import Parameters

/// A parameter as the table of METHODS.md, section 2, names it, and what a block would say of it. Written down here
/// once more, so that the tests know the table from nowhere else.
enum Site: Hashable {
  case layer(Int, Part, Parameter.Kind)
  /// Anything below the first layer.
  case embeddings
  /// Anything above the last layer that is merged.
  case pooler

  enum Part: Hashable, CaseIterable {
    case query, key, value, attentionOutput, attentionNorm, intermediate, output, outputNorm
  }

  var role: ParameterRole {
    switch self {
    case .embeddings: ParameterRole(.embeddings)
    case .pooler: ParameterRole(.aboveLayers, input: .pooler)
    case .layer(let layer, .query, _):
      ParameterRole(.attention, .rows(.heads, isScaled: false), uses: [layer], input: .attention)
    case .layer(let layer, .key, let kind):
      ParameterRole(
        .attention, .rows(.heads, isScaled: false), uses: [layer], input: .attention, isGradientFree: kind == .bias)
    case .layer(let layer, .value, _):
      ParameterRole(.attention, .rows(.heads, isScaled: true), uses: [layer], input: .attention)
    case .layer(let layer, .attentionOutput, let kind):
      ParameterRole(
        .attention, kind == .weight ? .columns(.heads) : .whole, uses: [layer], input: .attentionOutput)
    case .layer(let layer, .attentionNorm, _): ParameterRole(.attention, uses: [layer])
    case .layer(let layer, .intermediate, _):
      ParameterRole(.feedForward, .rows(.neurons, isScaled: false), uses: [layer], input: .intermediate)
    case .layer(let layer, .output, let kind):
      ParameterRole(.feedForward, kind == .weight ? .columns(.neurons) : .whole, uses: [layer], input: .output)
    case .layer(let layer, .outputNorm, _): ParameterRole(.feedForward, uses: [layer])
    }
  }

  /// A parameter of this role under a name of its own, for what looks at names and roles alone.
  func parameter(_ name: String, count: Int) -> Parameter {
    guard case .layer(let layer, _, let kind) = self else {
      return Parameter(component: .pooler, layer: nil, kind: .weight, name: name, shape: [count], role: role)
    }
    return Parameter(component: .output, layer: layer, kind: kind, name: name, shape: [count], role: role)
  }
}
