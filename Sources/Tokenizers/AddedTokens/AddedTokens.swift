import Checkpoints

/// The tokens that are found in text before the model sees it.
struct AddedTokens: Sendable {
  /// By id, and then by content.
  let tokens: [AddedToken]
  /// Finds those that are looked for in text as it is written.
  let written: AddedTokenMatcher
  /// Finds those that are looked for in normalised text.
  let normalized: AddedTokenMatcher

  init(_ tokens: [AddedToken], normalizer: any Normalizer) {
    self.tokens = tokens.sorted {
      $0.id != $1.id ? $0.id < $1.id : $0.content.utf8.lexicographicallyPrecedes($1.content.utf8)
    }
    written = AddedTokenMatcher(tokens.filter { !$0.isNormalized }.map { (scalars(of: $0.content), $0) })
    normalized = AddedTokenMatcher(
      tokens.filter(\.isNormalized).map { (normalizer.normalize(scalars(of: $0.content)[...]), $0) })
  }

  /// For ``Tokenizer/identity``.
  var meaning: JSON { .array(tokens.map(\.meaning)) }
}
