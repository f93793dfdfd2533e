import Checkpoints

/// `MPNetTokenizer`: BERT's words in RoBERTa's template.
enum MPNetBuilder: ClassBuilder {
  static let modelName = WordPiece.typeName
  static let vocabularyFile = "vocab.txt"
  static let specialTokens = [
    "bos_token": "<s>", "eos_token": "</s>", "unk_token": "[UNK]", "sep_token": "</s>", "pad_token": "<pad>",
    "cls_token": "<s>", "mask_token": "<mask>",
  ]
  static let maskStripsLeft = true

  static func parts(
    _ vocabulary: ClassVocabulary, _ settings: TokenizerSettings
  ) throws(TokenizerError) -> ClassParts {
    let model = try vocabulary.wordPiece(settings, unknownToken: "[UNK]")
    return ClassParts(
      normalizer: try BertNormalizer(settings), preTokenizer: BertPreTokenizer(), model: model,
      template: .roberta(
        classificationID: try id(of: "cls_token", "classification token", settings, model, vocabulary.file),
        separatorID: try id(of: "sep_token", "separator token", settings, model, vocabulary.file)))
  }
}
