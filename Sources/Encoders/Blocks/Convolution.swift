import LinearAlgebra
import Parameters

/// A convolution along the tokens as a family names it.
package struct ConvolutionForm: Sendable {
  /// The tensors' names without ".weight" and ".bias".
  let stem: String

  init(_ stem: String) { self.stem = stem }

  static let role = ParameterRole(.embeddings)

  private func pair(_ c: EncoderConfiguration, _ settings: EncoderConfiguration.Convolution) -> ParameterPair {
    ParameterPair(
      .convolution, at: nil, stem: stem, weight: [c.hidden, c.hidden / settings.groups, settings.taps],
      role: Self.role, bias: Self.role)
  }

  /// Weight, [D, D / groups, taps], and bias, [D].
  func parameters(of c: EncoderConfiguration) -> [Parameter] { c.variant.convolution.map { pair(c, $0).all } ?? [] }

  func bind<Scalar>(_ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> Convolution<Scalar>? {
    guard let settings = c.variant.convolution else { return nil }
    let (pair, size) = (pair(c, settings), c.hidden / settings.groups)
    return Convolution(
      groups: (0..<settings.groups).map { Linear(pair, views, outputs: $0 * size..<($0 + 1) * size) },
      taps: settings.taps, activation: settings.activation, bias: pair.bias.map { views[$0] } ?? views.zeros.vector)
  }
}

/// f(b + Σ_k W_k e[t + k − taps / 2]) at every token t of an example, with zeros beyond its ends, where e is the
/// encoder's input: a linear layer, for each group of columns, of the neighbours' values.
package struct Convolution<Scalar: KernelScalar> {
  /// One for each group: [D / groups, D / groups · taps].
  package let groups: [Linear<Scalar>]
  package let taps: Int
  /// f
  let activation: Activation
  /// [D]
  let bias: Vector<Scalar>

  package struct Kept {
    /// f' at every output, [R, D]; nil where nobody will go backward.
    let derivative: Matrix<Scalar>?
  }

  private var size: Int { groups[0].weight.rows }

  /// - Parameters:
  ///   - e: [T, D].
  ///   - y: [R, D], the convolution at the queries' tokens: all, or each example's first.
  func forward(
    _ e: Matrix<Scalar>, into y: Matrix<Scalar>, keeps: Bool, keys: Segments, queries: Segments, in arena: Arena
  ) -> Kept {
    let derivative = keeps ? arena.matrix(y.rows, y.columns, of: Scalar.self) : nil
    let start = arena.mark
    for (group, linear) in groups.enumerated() {
      let product = linear.product(neighbours(e, group, keys: keys, queries: queries, in: arena), in: arena)
      for row in 0..<y.rows {
        copy(product.row(row), to: y.row(row)[group * size..<(group + 1) * size])
      }
    }
    arena.release(to: start)
    activate(y, bias: bias, by: activation, into: y, derivative: derivative)
    return Kept(derivative: derivative)
  }

  /// From the gradient at y, [S · R, D], to that at e, [S · T, D].
  ///
  /// - Parameters:
  ///   - g: overwritten.
  ///   - below: the gradient at e is put here; nil where nobody wants it.
  func backward(
    _ kept: Kept, gradient g: Matrix<Scalar>, into below: Matrix<Scalar>?, keys: Segments, queries: Segments,
    in arena: Arena, show: Audience<Scalar>, input: () -> Matrix<Scalar>
  ) {
    guard let derivative = kept.derivative else { preconditionFailure("a forward pass keeps it for the backward pass") }
    multiply(gradient: g, by: derivative)
    below?.elements.clear()
    let start = arena.mark
    let e = show.wantsParameters ? input() : nil
    for (group, linear) in groups.enumerated() {
      let own = arena.matrix(g.rows, size, of: Scalar.self)
      for row in 0..<g.rows { copy(g.row(row)[group * size..<(group + 1) * size], to: own.row(row)) }
      if let e {
        show.linear(linear, own, queries) { neighbours(e, group, keys: keys, queries: queries, in: arena) }
      }
      if let below {
        spread(linear.backward(own, in: arena), group, to: below, keys: keys, queries: queries)
      }
    }
    arena.release(to: start)
  }

  /// What a group's outputs at each query are made of, [R, D / groups · taps]: of each input column the tokens around.
  private func neighbours(
    _ e: Matrix<Scalar>, _ group: Int, keys: Segments, queries: Segments, in arena: Arena
  ) -> Matrix<Scalar> {
    let out = arena.matrix(queries.rows, size * taps, of: Scalar.self)
    out.elements.clear()
    forEachNeighbour(keys, queries) { row, tap, token in
      for column in 0..<size { out[row, column * taps + tap] = e[token, group * size + column] }
    }
    return out
  }

  /// Adds the gradient at ``neighbours(_:_:keys:queries:in:)`` to the tokens.
  private func spread(
    _ x: Matrix<Scalar>, _ group: Int, to below: Matrix<Scalar>, keys: Segments, queries: Segments
  ) {
    for base in 0..<x.rows / queries.rows {
      forEachNeighbour(keys, queries) { row, tap, token in
        for column in 0..<size {
          below[base * keys.rows + token, group * size + column] += x[base * queries.rows + row, column * taps + tap]
        }
      }
    }
  }

  private func forEachNeighbour(
    _ keys: Segments, _ queries: Segments, _ body: (_ row: Int, _ tap: Int, _ token: Int) -> Void
  ) {
    for example in 0..<keys.count {
      for (query, row) in queries[example].enumerated() {
        for tap in 0..<taps {
          let token = keys[example].lowerBound + query + tap - taps / 2
          if keys[example].contains(token) { body(row, tap, token) }
        }
      }
    }
  }
}
