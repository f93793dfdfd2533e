import Checkpoints
import SystemPackage

extension Tokenizer {
  /// The files of a model directory that a tokenizer is read from, those of them that are there.
  package static let fileNames = [
    "tokenizer_config.json", "tokenizer.json", "vocab.txt", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "spiece.model", "spm.model", "sentencepiece.bpe.model",
  ]

  /// The most tokens of a vocabulary: as many as an encoder may have rows for.
  static let maximumTokens = 1 << 20

  /// Reads the tokenizer of the model in `directory`: `tokenizer.json`, else the vocabulary that its class had before,
  /// each beside optional `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`.
  ///
  /// - Parameters:
  ///   - fallback: the class of a tokenizer whose files name none, as `tokenizer_class` of `config.json` has it.
  ///   - family: the class of the model's family, where neither names one; where it is `TokenizersBackend`, it is taken
  ///     whatever they name. Without any class a `tokenizer.json` is taken as it is.
  package init(
    directory: FilePath, class fallback: String? = nil, family: String? = nil
  ) throws(TokenizerError) {
    try self.init(
      directory: directory, class: fallback, family: family,
      { name throws(TokenizerError) in
        let path = directory.appending(name)
        do throws(FileAccessError) { return try MappedFile(path: path) } catch {
          if error.isMissing { return nil }
          throw .unreadable(file: path.string, reason: error.reason)
        }
      })
  }

  /// Reads a `tokenizer.json`, or the vocabulary of the class where that is nil, beside the other files.
  package init(
    tokenizerJSON: MappedFile? = nil, vocabulary: MappedFile? = nil, merges: MappedFile? = nil,
    configuration: MappedFile? = nil, specialTokens: MappedFile? = nil, addedTokens: MappedFile? = nil,
    class fallback: String? = nil
  ) throws(TokenizerError) {
    try self.init(
      directory: "", class: fallback, family: nil,
      { name throws(TokenizerError) in
        switch name {
        case "tokenizer.json": tokenizerJSON
        case "merges.txt": merges
        case "tokenizer_config.json": configuration
        case "special_tokens_map.json": specialTokens
        case "added_tokens.json": addedTokens
        default: vocabulary
        }
      })
  }

  private init(
    directory: FilePath, class fallback: String?, family: String?,
    _ file: (String) throws(TokenizerError) -> MappedFile?
  ) throws(TokenizerError) {
    func section(_ name: String) throws(TokenizerError) -> TokenizerSection? {
      guard let file = try file(name) else { return nil }
      return try TokenizerSection(file)
    }
    let json = try file("tokenizer.json")
    let configuration = try section("tokenizer_config.json")
    let settings = try TokenizerSettings(
      configuration: configuration, specialTokens: try section("special_tokens_map.json"),
      addedTokens: try section("added_tokens.json"),
      tokenizerClass: try TokenizerClass(
        configuration, fallback: fallback, in: directory.appending("config.json").string,
        family: family ?? (json == nil && fallback == nil ? "BertTokenizer" : nil)))
    if let json {
      try self.init(tokenizerJSON: try TokenizerSection(json), settings)
      return
    }
    guard let builder = settings.tokenizerClass.builder else {
      throw .unsupported(
        file: configuration?.file ?? directory.string, key: "tokenizer_class",
        value: "a class that needs tokenizer.json",
        supported: TokenizerClass.all.filter { $0.builder != nil }.flatMap(\.names).joined(separator: ", "))
    }
    guard let vocabulary = try file(builder.vocabularyFile) else {
      throw .noTokenizer(directory: directory.string, file: builder.vocabularyFile)
    }
    let merges = builder.modelName == BPE.typeName ? try file("merges.txt") : nil
    try self.init(try ClassVocabulary(vocabulary, merges: merges, for: builder, settings), builder, settings)
  }

  /// Builds the tokenizer that the class `builder` builds from files older than `tokenizer.json`.
  private init(
    _ vocabulary: ClassVocabulary, _ builder: any ClassBuilder.Type, _ settings: TokenizerSettings
  ) throws(TokenizerError) {
    let parts = try builder.parts(vocabulary, settings)
    self.init(
      addedTokens: try AddedTokens(
        settings, extras: vocabulary.extraTokens, model: parts.model, normalizer: parts.normalizer),
      normalizer: parts.normalizer, preTokenizer: parts.preTokenizer, model: parts.model, template: parts.template,
      truncation: try Truncation(tokenizerJSON: nil, configuration: settings.configuration),
      feedsTokenTypes: try settings.feedsTokenTypes())
  }
}
