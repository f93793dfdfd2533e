import Checkpoints

extension Tokenizer {
  /// Builds the tokenizer that transformers builds from a `vocab.txt`: BERT's parts, around one token a line, its id
  /// the line's number from 0.
  init(vocabularyFile file: MappedFile, _ settings: TokenizerSettings) throws(TokenizerError) {
    guard settings.tokenizerClass.rebuildsBERT else {
      throw .unsupported(
        file: settings.configuration?.file ?? file.path.string, key: "tokenizer_class",
        value: "a class that needs tokenizer.json",
        supported: TokenizerClass.all.filter(\.rebuildsBERT).flatMap(\.names).joined(separator: ", "))
    }
    let parts = try BERTParts(settings, tokens: try Self.tokens(of: file), file: file.path.string)
    self.init(
      addedTokens: try AddedTokens(settings, model: parts.model, normalizer: parts.normalizer),
      normalizer: parts.normalizer, preTokenizer: parts.preTokenizer, model: parts.model, template: parts.template,
      truncation: try Truncation(tokenizerJSON: nil, configuration: settings.configuration),
      feedsTokenTypes: try settings.feedsTokenTypes())
  }

  private static func tokens(of file: MappedFile) throws(TokenizerError) -> [Token] {
    // The bytes are mapped as long as the file object lives.
    defer { withExtendedLifetime(file) {} }
    let (bytes, path) = (file.bytes, file.path.string)
    guard bytes.count <= JSON.maximumFileBytes else {
      throw .tooLarge(
        file: path, what: "the file has \(bytes.count) bytes, but a vocabulary has at most \(JSON.maximumFileBytes)")
    }
    var tokens: [Token] = []
    // A byte order mark is no part of the first token.
    var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    while position < bytes.count {
      let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
      guard tokens.count < maximumTokens else {
        throw .tooLarge(file: path, what: "the vocabulary has more than \(maximumTokens) tokens")
      }
      guard let text = String(validating: file[position..<end], as: UTF8.self) else {
        throw .invalidUTF8(file: path, line: tokens.count + 1)
      }
      var token = Substring(text).unicodeScalars
      while let last = token.last, last.properties.isWhitespace { token.removeLast() }
      tokens.append(Token(text: String(token), id: Int32(tokens.count)))
      position = end + 1
    }
    return tokens
  }
}
