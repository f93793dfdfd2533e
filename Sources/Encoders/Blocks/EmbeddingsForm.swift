import LinearAlgebra
import Parameters

/// Word, position and token-type tables, the LayerNorm of their sum, and the projection to the layers' width, as a
/// family names them.
package struct EmbeddingsForm: Sendable {
  /// The tables' names without ".weight"; a family may have no table of token types.
  let words, positions: String
  let tokenTypes: String?
  let norm: NormForm
  /// Where the tables may be narrower than the layers: there only where they are.
  let projection: LinearForm?

  init(words: String, positions: String, tokenTypes: String?, norm: NormForm, projection: LinearForm? = nil) {
    self.words = words
    self.positions = positions
    self.tokenTypes = tokenTypes
    self.norm = norm
    self.projection = projection
  }

  private static let role = ParameterRole(.embeddings)

  private func words(_ c: EncoderConfiguration) -> ParameterPair {
    table(.wordEmbeddings, words, rows: c.vocabulary, c)
  }

  private func positions(_ c: EncoderConfiguration) -> ParameterPair {
    table(.positionEmbeddings, positions, rows: c.positions, c)
  }

  private func tokenTypes(_ c: EncoderConfiguration) -> ParameterPair? {
    tokenTypes.map { table(.tokenTypeEmbeddings, $0, rows: c.tokenTypes, c) }
  }

  private func table(_ component: Component, _ stem: String, rows: Int, _ c: EncoderConfiguration) -> ParameterPair {
    ParameterPair(component, layer: nil, stem: stem, weight: [rows, c.embedding], role: Self.role, bias: nil)
  }

  private func projection(_ c: EncoderConfiguration) -> ParameterPair? {
    guard let projection, c.embedding != c.hidden else { return nil }
    return projection.parameters(
      .embeddingProjection, outputs: c.hidden, inputs: c.embedding,
      role: ParameterRole(.embeddings, input: .embeddingProjection))
  }

  func parameters(of c: EncoderConfiguration) -> [Parameter] {
    [
      words(c), positions(c), tokenTypes(c), norm.parameters(width: c.embedding, role: Self.role), projection(c),
    ].compactMap { $0 }.flatMap(\.all)
  }

  func bind<Scalar>(_ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> Embeddings<Scalar> {
    Embeddings(
      words: views.matrix(words(c).weight), positions: views.matrix(positions(c).weight),
      positionPadding: c.positionPadding, tokenTypes: tokenTypes(c).map { views.matrix($0.weight) },
      norm: Norm(norm, width: c.embedding, configuration: c, role: Self.role, views),
      projection: projection(c).map { Linear($0, views) })
  }
}
