import Checkpoints
import SystemPackage

extension Tokenizer {
  /// The files of a model directory that a tokenizer is read from, those of them that are there.
  package static let fileNames = [
    "tokenizer_config.json", "tokenizer.json", "vocab.txt", "special_tokens_map.json", "added_tokens.json",
  ]

  /// The most tokens of a vocabulary: as many as an encoder may have rows for.
  static let maximumTokens = 1 << 20

  /// Reads the tokenizer of the model in `directory`: `tokenizer.json`, else `vocab.txt`, each beside optional
  /// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`.
  ///
  /// - Parameter fallback: the class of a tokenizer whose files name none, as `tokenizer_class` has it; nil takes a
  ///   `tokenizer.json` as it is.
  package init(directory: FilePath, class fallback: String? = nil) throws(TokenizerError) {
    func file(_ name: String) throws(TokenizerError) -> MappedFile? {
      let path = directory.appending(name)
      do throws(FileAccessError) { return try MappedFile(path: path) } catch {
        if error.isMissing { return nil }
        throw .unreadable(file: path.string, reason: error.reason)
      }
    }
    let (json, vocabulary) = (try file("tokenizer.json"), try file("vocab.txt"))
    guard json != nil || vocabulary != nil else { throw .noTokenizer(directory: directory.string) }
    try self.init(
      tokenizerJSON: json, vocabulary: vocabulary, configuration: try file("tokenizer_config.json"),
      specialTokens: try file("special_tokens_map.json"), addedTokens: try file("added_tokens.json"), class: fallback)
  }

  /// Reads a `tokenizer.json`, or a `vocab.txt` where that is nil, beside the other files.
  package init(
    tokenizerJSON: MappedFile? = nil, vocabulary: MappedFile? = nil, configuration: MappedFile? = nil,
    specialTokens: MappedFile? = nil, addedTokens: MappedFile? = nil, class fallback: String? = nil
  ) throws(TokenizerError) {
    func section(_ file: MappedFile?) throws(TokenizerError) -> TokenizerSection? {
      guard let file else { return nil }
      return try TokenizerSection(file)
    }
    let settings = try TokenizerSettings(
      configuration: try section(configuration), specialTokens: try section(specialTokens),
      addedTokens: try section(addedTokens), class: fallback ?? (tokenizerJSON == nil ? "BertTokenizer" : nil))
    if let tokenizerJSON {
      try self.init(tokenizerJSON: try TokenizerSection(tokenizerJSON), settings)
    } else if let vocabulary {
      try self.init(vocabularyFile: vocabulary, settings)
    } else {
      throw .noTokenizer(directory: "")
    }
  }
}
