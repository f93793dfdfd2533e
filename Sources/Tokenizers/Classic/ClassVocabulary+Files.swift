import Checkpoints

extension ClassVocabulary {
  /// Reads the vocabulary of a class from the files that it had before `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - vocabulary: the file that `builder` names.
  ///   - merges: `merges.txt`, for BPE.
  init(
    _ vocabulary: MappedFile, merges: MappedFile?, for builder: any ClassBuilder.Type, _ settings: TokenizerSettings
  ) throws(TokenizerError) {
    let file = vocabulary.path.string
    switch builder.modelName {
    case BPE.typeName:
      guard let merges else {
        throw .noTokenizer(directory: vocabulary.path.removingLastComponent().string, file: "merges.txt")
      }
      let section = try TokenizerSection(file: file, key: "", json: ["vocab": TokenizerSection(vocabulary).json])
      self.init(file: file, words: .merged(try section.vocabulary(), try Self.merges(of: merges)))
    case Unigram.typeName:
      let model = try SentencePieceModel(vocabulary)
      let pieces = model.pieces.map { (token: $0.text, score: Double($0.score)) }
      self.init(file: file, words: .scored(try builder.vocabulary(ofPieces: pieces, settings)))
      if !model.map.isEmpty {
        guard let map = CharacterMap(model.map) else {
          throw .wrongType(
            file: file, key: "normalizer_spec.precompiled_charsmap", expected: "a trie and its texts")
        }
        self.map = Precompiled(map)
      }
      unknownID = model.unknownID
      extraTokens = model.pieces.filter { [.control, .userDefined].contains($0.kind) }
        .map { ["content": .string($0.text), "normalized": false] }
    default:
      self.init(file: file, words: .plain(try Self.tokens(of: vocabulary)))
    }
  }
}
