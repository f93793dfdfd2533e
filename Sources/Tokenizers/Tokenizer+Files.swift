import Checkpoints
import SystemPackage

extension Tokenizer {
  /// The files of a model directory that a tokenizer is read from, those of them that are there.
  package static let fileNames = ["tokenizer_config.json", "tokenizer.json", "vocab.txt", "added_tokens.json"]

  /// The most tokens of a vocabulary: as many as an encoder may have rows for.
  static let maximumTokens = 1 << 20

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
}
