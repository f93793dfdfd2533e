import Checkpoints

/// `RobertaTokenizer`: bytes, and no normaliser.
enum RobertaBuilder: ClassBuilder {
  static let modelName = BPE.typeName
  static let vocabularyFile = "vocab.json"
  static let specialTokens = [
    "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>",
    "cls_token": "<s>", "mask_token": "<mask>",
  ]

  static func parts(
    _ vocabulary: ClassVocabulary, _ settings: TokenizerSettings
  ) throws(TokenizerError) -> ClassParts {
    guard case .merged(let tokens, let pairs) = vocabulary.words else {
      throw .missingKey(file: vocabulary.file, key: "merges")
    }
    let model = try BPE(tokens: tokens, pairs: pairs, settings: BPE.Settings(), file: vocabulary.file, key: "merges")
    return ClassParts(
      normalizer: NormalizerSequence([]),
      preTokenizer: ByteLevel(
        addsPrefixSpace: try settings.configuration?.optionalBool("add_prefix_space") ?? false), model: model,
      template: .roberta(
        classificationID: try id(of: "cls_token", "classification token", settings, model, vocabulary.file),
        separatorID: try id(of: "sep_token", "separator token", settings, model, vocabulary.file)))
  }
}
