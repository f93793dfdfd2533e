import LinearAlgebra
import Parameters

/// What the attention of all layers shares about relative positions, as a family names it.
package enum RelativeForm: Sendable {
  /// The name of a table of biases, without ".weight".
  case bias(String)
  /// The name of a table of vectors, without ".weight", and its LayerNorm.
  case table(String, norm: NormForm)

  private static let role = ParameterRole(.embeddings)

  private func table(_ c: EncoderConfiguration) -> ParameterPair? {
    switch self {
    case .bias(let stem): pair(.relativeBias, stem, [RelativeBias<Float>.buckets, c.heads])
    case .table(let stem, _): c.variant.disentangled.map { pair(.relativeEmbeddings, stem, [2 * $0.span, c.hidden]) }
    }
  }

  private func pair(_ component: Component, _ stem: String, _ shape: [Int]) -> ParameterPair {
    ParameterPair(component, at: nil, stem: stem, weight: shape, role: Self.role, bias: nil)
  }

  func parameters(of c: EncoderConfiguration) -> [Parameter] {
    guard let table = table(c) else { return [] }
    guard case .table(_, let norm) = self, let relative = c.variant.disentangled, relative.normalizesTable else {
      return table.all
    }
    // What it adds to all rows adds one number to all scores of a query; but not where keys meet positions.
    let biasRole = ParameterRole(.embeddings, isGradientFree: !relative.positionToContent)
    return table.all + norm.parameters(width: c.hidden, of: c, role: Self.role, biasRole: biasRole).all
  }

  func bind<Scalar>(_ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> RelativePositions<Scalar>? {
    guard let table = table(c) else { return nil }
    switch self {
    case .bias: return .bias(RelativeBias(table: views.matrix(table.weight)))
    case .table(_, let norm):
      guard let settings = c.variant.disentangled else { return nil }
      return .table(
        RelativeTable(
          table: views.matrix(table.weight),
          norm: settings.normalizesTable
            ? Norm(norm, width: c.hidden, configuration: c, role: Self.role, views) : nil, settings: settings))
    }
  }
}

/// The same, bound to the weights.
package enum RelativePositions<Scalar: KernelScalar> {
  case bias(RelativeBias<Scalar>)
  case table(RelativeTable<Scalar>)

  /// Makes what one forward pass needs.
  func pass(_ segments: Segments, in arena: Arena) -> RelativePass<Scalar> {
    let longest = (0..<segments.count).map { segments[$0].count }.max() ?? 1
    return switch self {
    case .bias(let bias): .bias(bias.pass(longest: longest, in: arena))
    case .table(let table): .table(table.pass(longest: longest, in: arena))
    }
  }

  /// Shows the parameters' gradients, which the layers have summed.
  func backward(
    _ pass: RelativePass<Scalar>, _ gradient: RelativeGradient<Scalar>, keys: Segments, in arena: Arena,
    show: Audience<Scalar>
  ) {
    switch (self, pass, gradient) {
    case (.bias(let bias), .bias, .bias(let sums)):
      bias.backward(sums, examples: keys.count, in: arena, show: show)
    case (.table(let table), .table(let pass), .table(let sums)):
      table.backward(pass, sums, keys: keys, in: arena, show: show)
    default: preconditionFailure("what another kind of positions kept")
    }
  }
}

/// Relative positions as one forward pass has them.
package enum RelativePass<Scalar: KernelScalar> {
  case bias(RelativeBias<Scalar>.Pass)
  case table(RelativeTable<Scalar>.Pass)

  /// Room for the gradients of all columns and examples.
  func gradient(columns: Int, _ keys: Segments, in arena: Arena) -> RelativeGradient<Scalar> {
    switch self {
    case .bias(let pass): .bias(.init(pass, columns: columns, examples: keys.count, in: arena))
    case .table(let pass): .table(.init(pass, columns: columns, keys: keys, in: arena))
    }
  }
}

/// What the layers' backward passes add up.
package enum RelativeGradient<Scalar: KernelScalar> {
  case bias(RelativeBias<Scalar>.Gradient)
  case table(RelativeTable<Scalar>.Gradient)
}
