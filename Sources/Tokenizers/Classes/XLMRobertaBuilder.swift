import Checkpoints

/// `XLMRobertaTokenizer`: no normaliser but SentencePiece's map, and id 3 for what is unknown.
enum XLMRobertaBuilder: ClassBuilder {
  static let modelName = Unigram.typeName
  static let vocabularyFile = "sentencepiece.bpe.model"
  static let specialTokens = RobertaBuilder.specialTokens

  /// fairseq's ids: four tokens of its own in place of the three that SentencePiece begins with, and the mask last.
  static func vocabulary(
    ofPieces pieces: [(token: String, score: Double)], _ settings: TokenizerSettings
  ) throws(TokenizerError) -> [(token: String, score: Double)] {
    var words: [(token: String, score: Double)] = []
    for name in ["bos_token", "pad_token", "eos_token", "unk_token"] {
      words.append((try settings.text(of: name, default: specialTokens[name] ?? ""), 0))
    }
    words += pieces.dropFirst(3)
    words.append((try settings.text(of: "mask_token", default: "<mask>"), 0))
    return words
  }

  static func parts(
    _ vocabulary: ClassVocabulary, _ settings: TokenizerSettings
  ) throws(TokenizerError) -> ClassParts {
    try parts(vocabulary, settings, model: vocabulary.unigram(unknownID: 3))
  }

  /// What CamemBERT's class has in common with it.
  static func parts(
    _ vocabulary: ClassVocabulary, _ settings: TokenizerSettings, model: Unigram
  ) throws(TokenizerError) -> ClassParts {
    ClassParts(
      normalizer: NormalizerSequence([vocabulary.map].compactMap(\.self)),
      preTokenizer: try PreTokenizerSequence.sentencePieceWords(settings), model: model,
      template: .roberta(
        classificationID: try id(of: "bos_token", "token at the start", settings, model, vocabulary.file),
        separatorID: try id(of: "eos_token", "token at the end", settings, model, vocabulary.file)))
  }
}

extension PreTokenizerSequence {
  /// Words between white space, with SentencePiece's mark before each unless `add_prefix_space` is false.
  static func sentencePieceWords(_ settings: TokenizerSettings) throws(TokenizerError) -> PreTokenizerSequence {
    let addsPrefix = try settings.configuration?.optionalBool("add_prefix_space") ?? true
    return PreTokenizerSequence([WhitespaceSplit(), Metaspace(prependScheme: addsPrefix ? .always : .never)])
  }
}
