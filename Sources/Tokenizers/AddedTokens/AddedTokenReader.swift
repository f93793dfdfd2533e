/// Reads added tokens one after the other, and refuses those that could not be found in text or stand there twice.
struct AddedTokenReader {
  /// The most scalars of a token: what finding tokens costs grows with it.
  static let maximumLength = 1000

  let normalizer: any Normalizer
  private(set) var tokens: [AddedToken] = []
  /// What is looked for in the text. A pattern may stand once among the written and once among the normalised tokens.
  private var writtenPatterns: Set<[UInt32]> = []
  private var normalizedPatterns: Set<[UInt32]> = []

  init(normalizer: any Normalizer) { self.normalizer = normalizer }

  /// Adds the token that `section` describes.
  mutating func read(_ section: TokenizerSection, id: Int32) throws(TokenizerError) -> AddedToken {
    let token = AddedToken(
      id: id, content: try section.string("content"), isSingleWord: try section.bool("single_word"),
      stripsLeft: try section.bool("lstrip"), stripsRight: try section.bool("rstrip"),
      isNormalized: try section.bool("normalized"))
    let (file, key) = (section.file, section.path("content"))
    let written = scalars(of: token.content)
    let pattern = token.isNormalized ? normalizer.normalize(written[...]) : written
    guard !pattern.isEmpty else { throw .emptyToken(file: file, key: key) }
    guard pattern.count <= Self.maximumLength else {
      throw .tooLarge(file: file, what: "\(key) has \(pattern.count) characters, more than \(Self.maximumLength)")
    }
    let isNew =
      token.isNormalized ? normalizedPatterns.insert(pattern).inserted : writtenPatterns.insert(pattern).inserted
    guard isNew else { throw .repeatedToken(file: file, key: key, token: token.content) }
    tokens.append(token)
    return token
  }
}
