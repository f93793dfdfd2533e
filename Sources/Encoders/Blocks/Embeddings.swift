import LinearAlgebra
import Parameters

/// Word, position and token-type tables, and the LayerNorm of their sum, as a family names them.
package struct EmbeddingsForm: Sendable {
  /// The tables' names without ".weight".
  let words, positions, tokenTypes: String
  let norm: NormForm

  private static let role = ParameterRole(.embeddings)

  fileprivate func words(_ c: EncoderConfiguration) -> ParameterPair {
    table(.wordEmbeddings, words, rows: c.vocabulary, c)
  }

  fileprivate func positions(_ c: EncoderConfiguration) -> ParameterPair {
    table(.positionEmbeddings, positions, rows: c.positions, c)
  }

  fileprivate func tokenTypes(_ c: EncoderConfiguration) -> ParameterPair {
    table(.tokenTypeEmbeddings, tokenTypes, rows: c.tokenTypes, c)
  }

  private func table(_ component: Component, _ stem: String, rows: Int, _ c: EncoderConfiguration) -> ParameterPair {
    ParameterPair(component, layer: nil, stem: stem, weight: [rows, c.hidden], role: Self.role, bias: nil)
  }

  func parameters(of c: EncoderConfiguration) -> [Parameter] {
    [words(c), positions(c), tokenTypes(c), norm.parameters(of: c, role: Self.role)].flatMap(\.all)
  }

  func bind<Scalar>(_ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> Embeddings<Scalar> {
    Embeddings(
      words: views.matrix(words(c).weight), positions: views.matrix(positions(c).weight),
      tokenTypes: views.matrix(tokenTypes(c).weight),
      norm: Norm(norm, configuration: c, role: Self.role, views))
  }
}

/// The encoder's input: LayerNorm(word + position + token type) of each token. Positions count from 0 in each example.
package struct Embeddings<Scalar: KernelScalar> {
  /// [vocabulary, D]
  let words: Matrix<Scalar>
  /// [positions, D]
  let positions: Matrix<Scalar>
  /// [token types, D]
  let tokenTypes: Matrix<Scalar>
  let norm: Norm<Scalar>

  /// - Parameter sum: [T, D], where the output goes.
  package func forward(_ batch: TokenBatch, into sum: Matrix<Scalar>, in arena: Arena) -> Norm<Scalar>.Kept {
    for example in 0..<batch.segments.count {
      for (position, row) in batch.segments[example].enumerated() {
        let target = sum.row(row)
        copy(words.row(Int(batch.tokens[row])), to: target)
        add(positions.row(position), to: target)
        add(tokenTypes.row(Int(batch.types[row])), to: target)
      }
    }
    return norm.forward(sum, into: sum, in: arena)
  }

  /// In place: from the gradient at the output, [S · T, D], to that at the sum, which observers scatter to the tables'
  /// rows.
  package func backward(
    _ kept: Norm<Scalar>.Kept, gradient: Matrix<Scalar>, of batch: TokenBatch, show: Audience<Scalar>
  ) {
    norm.backward(kept, gradient: gradient, batch.segments, show: show)
    show.embeddings(batch, gradient)
  }
}
