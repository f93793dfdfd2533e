import LinearAlgebra
import Parameters

/// Word, position and token-type tables, the LayerNorm of their sum, and the projection to the layers' width, as a
/// family names them.
package struct EmbeddingsForm: Sendable {
  /// Whether a projection takes the tables' sum, or that after the LayerNorm.
  enum Projection: Sendable {
    /// Below the LayerNorm, there only where tables are narrower than the layers.
    case belowNorm(LinearForm)
    /// Above the LayerNorm, there only where tables are narrower than the layers.
    case aboveNorm(LinearForm)
    /// Above the LayerNorm, whatever the widths.
    case alwaysAboveNorm(LinearForm)
  }

  /// The tables' names without ".weight"; a family may have no positions and no token types.
  let words: String
  let positions, tokenTypes: String?
  let norm: NormForm
  /// Where the tables may be narrower than the layers.
  let projection: Projection?

  init(words: String, positions: String?, tokenTypes: String?, norm: NormForm, projection: Projection? = nil) {
    self.words = words
    self.positions = positions
    self.tokenTypes = tokenTypes
    self.norm = norm
    self.projection = projection
  }

  private static let role = ParameterRole(.embeddings)

  private func words(_ c: EncoderConfiguration) -> ParameterPair {
    table(.wordEmbeddings, words, rows: c.vocabulary, c, role: ParameterRole(.embeddings, .tokens))
  }

  private func positions(_ c: EncoderConfiguration) -> ParameterPair? {
    guard let positions, c.variant.hasPositions else { return nil }
    return table(.positionEmbeddings, positions, rows: c.positions, c)
  }

  private func tokenTypes(_ c: EncoderConfiguration) -> ParameterPair? {
    guard let tokenTypes, c.tokenTypes > 0 else { return nil }
    return table(.tokenTypeEmbeddings, tokenTypes, rows: c.tokenTypes, c)
  }

  private func table(
    _ component: Component, _ stem: String, rows: Int, _ c: EncoderConfiguration, role: ParameterRole = Self.role
  ) -> ParameterPair {
    ParameterPair(component, at: nil, stem: stem, weight: [rows, c.embedding], role: role, bias: nil)
  }

  private func norm(_ c: EncoderConfiguration) -> ParameterPair {
    norm.parameters(width: normWidth(c), of: c, role: Self.role)
  }

  private func normWidth(_ c: EncoderConfiguration) -> Int {
    if case .belowNorm = projection { return c.hidden }
    return c.embedding
  }

  private func projection(_ c: EncoderConfiguration) -> (parameters: ParameterPair, isBelowNorm: Bool)? {
    let form: LinearForm
    let isBelowNorm: Bool
    switch projection {
    case nil: return nil
    case .alwaysAboveNorm(let found): (form, isBelowNorm) = (found, false)
    case .aboveNorm(let found): (form, isBelowNorm) = (found, false)
    case .belowNorm(let found): (form, isBelowNorm) = (found, true)
    }
    if case .alwaysAboveNorm = projection {} else if c.embedding == c.hidden { return nil }
    return (
      form.parameters(
        .embeddingProjection, outputs: c.hidden, inputs: c.embedding,
        role: ParameterRole(.embeddings, input: .embeddingProjection)), isBelowNorm
    )
  }

  func parameters(of c: EncoderConfiguration) -> [Parameter] {
    let projection = projection(c)
    let below = projection?.isBelowNorm == true ? projection?.parameters : nil
    let above = projection?.isBelowNorm == false ? projection?.parameters : nil
    return [words(c), positions(c), tokenTypes(c), below, norm(c), above].compactMap { $0 }.flatMap(\.all)
  }

  func bind<Scalar>(_ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> Embeddings<Scalar> {
    let projection = projection(c)
    return Embeddings(
      words: views.matrix(words(c).weight), positions: positions(c).map { views.matrix($0.weight) },
      positionPadding: c.positionPadding, tokenTypes: tokenTypes(c).map { views.matrix($0.weight) },
      norm: Norm(norm, width: normWidth(c), configuration: c, role: Self.role, views),
      projection: projection.map { Linear($0.parameters, views) },
      projectsBelowNorm: projection?.isBelowNorm ?? false)
  }
}
