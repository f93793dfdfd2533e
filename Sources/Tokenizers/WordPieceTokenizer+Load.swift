import Checkpoints
import SystemPackage

extension WordPieceTokenizer {
  /// The files of a model directory that a tokenizer is read from, those of them that are there.
  package static let fileNames = ["tokenizer_config.json", "tokenizer.json", "vocab.txt", "added_tokens.json"]

  /// Reads the tokenizer of the model in `directory`: `tokenizer.json`, else `vocab.txt`, each beside an optional
  /// `tokenizer_config.json`.
  package init(directory: FilePath) throws(TokenizerError) {
    func file(_ name: String) throws(TokenizerError) -> MappedFile? {
      let path = directory.appending(name)
      do throws(FileAccessError) { return try MappedFile(path: path) } catch {
        if error.isMissing { return nil }
        throw .unreadable(file: path.string, reason: error.reason)
      }
    }
    let configuration = try file("tokenizer_config.json")
    if let json = try file("tokenizer.json") {
      try self.init(tokenizerJSON: json, configuration: configuration)
    } else if let vocabulary = try file("vocab.txt") {
      try self.init(
        vocabulary: vocabulary, configuration: configuration, addedTokens: try file("added_tokens.json"))
    } else {
      throw .noTokenizer(directory: directory.string)
    }
  }

  /// Reads a `tokenizer.json` beside an optional `tokenizer_config.json`.
  package init(tokenizerJSON file: MappedFile, configuration: MappedFile?) throws(TokenizerError) {
    let section = try configuration.map { file throws(TokenizerError) in try TokenizerSection(file) }
    try self.init(tokenizerJSON: try TokenizerSection(file), configuration: section)
  }

  /// Reads a `vocab.txt` beside an optional `tokenizer_config.json` and `added_tokens.json`.
  package init(
    vocabulary file: MappedFile, configuration: MappedFile?, addedTokens: MappedFile?
  ) throws(TokenizerError) {
    let section = try configuration.map { file throws(TokenizerError) in try TokenizerSection(file) }
    let added = try addedTokens.map { file throws(TokenizerError) in try TokenizerSection(file) }
    try self.init(vocabularyFile: file, configuration: section, addedTokens: added)
  }

  /// The most tokens of a vocabulary: as many as an encoder may have rows for.
  static let maximumTokens = 1 << 20

  /// The greatest `max_input_chars_per_word`, ten times what every BERT has.
  static let maximumWordLength = 1000

  /// The first difference between two tokenizers that would make one text two different sequences of ids, in words; nil
  /// where there is none. The greatest length is not compared.
  package func difference(from other: WordPieceTokenizer) -> String? {
    for (a, b) in zip(tokens, other.tokens) where a.id != b.id || !a.text.utf8.elementsEqual(b.text.utf8) {
      return "id \(a.id) is \"\(a.text)\" in one vocabulary and id \(b.id) is \"\(b.text)\" in the other"
    }
    if tokens.count != other.tokens.count {
      return "one vocabulary has \(tokens.count) tokens and the other \(other.tokens.count)"
    }
    if normalizer != other.normalizer { return "the normalisers differ (\(normalizer) and \(other.normalizer))" }
    if template != other.template { return "the special tokens are placed differently" }
    if addedTokens.sorted(by: { $0.id < $1.id }) != other.addedTokens.sorted(by: { $0.id < $1.id }) {
      return "the added tokens differ"
    }
    if model != other.model { return "the WordPiece settings differ (\(model) and \(other.model))" }
    if truncationSide != other.truncationSide { return "one truncates on the left and the other on the right" }
    return nil
  }

  /// All that ``difference(from:)`` compares, to be hashed: tokenizers with the same bytes have no difference.
  package var comparedBytes: [UInt8] {
    let added = addedTokens.sorted { $0.id < $1.id }
    var bytes = Array("\(normalizer) \(template) \(added) \(model) \(truncationSide)".utf8)
    for token in tokens {
      for number in [UInt32(bitPattern: token.id), UInt32(token.text.utf8.count)] {
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
      }
      bytes += token.text.utf8
    }
    return bytes
  }
}

extension TokenizerSection {
  /// The greatest length and the side of truncation that `tokenizer_config.json` states. transformers writes about 1e30
  /// for "no limit".
  func truncation() throws(TokenizerError) -> (maximumLength: Int?, side: TruncationSide?) {
    var maximumLength: Int?
    if let value = optional("model_max_length") {
      guard let length = value.double, length >= 1 else { throw wrongType("model_max_length", "a number of tokens") }
      maximumLength = length < 1e9 ? Int(length) : nil
    }
    guard optional("truncation_side") != nil else { return (maximumLength, nil) }
    let side = try string("truncation_side", oneOf: ["left", "right"])
    return (maximumLength, TruncationSide(rawValue: side))
  }
}
