import Checkpoints

extension Tokenizer {
  /// What this tokenizer does to text, in the format that docs/file-formats.md describes ("Identity of a tokenizer").
  /// The greatest length is left out, since recipes choose it.
  var meaning: JSON {
    settings.setting(
      "vocabulary", to: .array(tokens.map { .array([.string($0.text), .integer(Int($0.id))]) }))
  }

  /// ``meaning`` without the vocabulary.
  private var settings: JSON {
    [
      "added_tokens": addedTokens.meaning, "model": model.meaning, "normalizer": normalizer.meaning,
      "pre_tokenizer": preTokenizer.meaning, "template": template.meaning, "token_types": .bool(feedsTokenTypes),
      "truncation_side": .string(truncation.side.rawValue),
    ]
  }

  /// SHA-256, in hexadecimal, of what this tokenizer does to text. Tokenizers of one identity make the same ids of
  /// every text, whatever their files look like.
  package var identity: String { hexadecimalHash(of: meaning.canonicalText) }

  /// The first difference between two tokenizers that would make one text two different sequences of ids, in words; nil
  /// just where their ``identity`` is the same.
  package func difference(from other: Tokenizer) -> String? {
    for (a, b) in zip(tokens, other.tokens) where a.id != b.id || !a.text.utf8.elementsEqual(b.text.utf8) {
      return "id \(a.id) is \"\(a.text)\" in one vocabulary and id \(b.id) is \"\(b.text)\" in the other"
    }
    if tokens.count != other.tokens.count {
      return "one vocabulary has \(tokens.count) tokens and the other \(other.tokens.count)"
    }
    return settings.difference(from: other.settings)
  }
}
