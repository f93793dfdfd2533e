import Checkpoints

/// `CamembertTokenizer`: as XLM-R's, but what is unknown is found by its text, and the mask takes white space.
enum CamembertBuilder: ClassBuilder {
  static let modelName = Unigram.typeName
  static let vocabularyFile = "sentencepiece.bpe.model"
  static let specialTokens = RobertaBuilder.specialTokens
  static let maskStripsLeft = true
  static let extraTokens = ["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"]

  /// fairseq's ids: five tokens of its own in place of the first that SentencePiece has, and the mask last.
  static func vocabulary(
    ofPieces pieces: [(token: String, score: Double)], _ settings: TokenizerSettings
  ) throws(TokenizerError) -> [(token: String, score: Double)] {
    func text(_ name: String) throws(TokenizerError) -> String {
      try settings.text(of: name, default: specialTokens[name] ?? "")
    }
    return [
      ("<s>NOTUSED", 0), (try text("pad_token"), 0), ("</s>NOTUSED", 0), (try text("unk_token"), 0),
      ("<unk>NOTUSED", -100),
    ] + pieces.dropFirst() + [(try text("mask_token"), 0)]
  }

  static func parts(
    _ vocabulary: ClassVocabulary, _ settings: TokenizerSettings
  ) throws(TokenizerError) -> ClassParts {
    let unknown = try settings.text(of: "unk_token", default: "<unk>")
    let place = vocabulary.scored.firstIndex { $0.token.utf8.elementsEqual(unknown.utf8) }
    return try XLMRobertaBuilder.parts(vocabulary, settings, model: vocabulary.unigram(unknownID: place ?? 0))
  }
}
