import Checkpoints

/// `DebertaV2Tokenizer`, also of version 3 of the model: form C, and no map of SentencePiece.
enum DebertaV2Builder: ClassBuilder {
  static let modelName = Unigram.typeName
  static let vocabularyFile = "spm.model"
  static let specialTokens = [
    "bos_token": "[CLS]", "eos_token": "[SEP]", "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]",
    "cls_token": "[CLS]", "mask_token": "[MASK]",
  ]

  /// Its SentencePiece models have no mask, its models rows to spare.
  static let addsMissingTokens = true

  static func parts(
    _ vocabulary: ClassVocabulary, _ settings: TokenizerSettings
  ) throws(TokenizerError) -> ClassParts {
    let configuration = settings.configuration
    let unknown = try settings.text(of: "unk_token", default: "[UNK]")
    let place = vocabulary.scored.firstIndex { $0.score == 0 && $0.token.utf8.elementsEqual(unknown.utf8) }
    var stated = vocabulary.unknownID
    if stated == nil, let configuration, configuration.optional("unk_id") != nil {
      stated = try configuration.natural("unk_id")
    }
    let model = try vocabulary.unigram(unknownID: place ?? stated ?? 1)
    var normalizers: [any Normalizer] = []
    if try configuration?.optionalBool("do_lower_case") == true { normalizers.append(Lowercase()) }
    if let spaces = ReplacePattern(expression: "\\s{2,}|[\\n\\r\\t]") { normalizers.append(Replace(spaces, with: " ")) }
    normalizers += [UnicodeNormalizer<NFC>(), Strip(left: false, right: true)]
    var preTokenizers: [any PreTokenizer] = []
    if try configuration?.optionalBool("split_by_punct") == true { preTokenizers.append(Punctuation()) }
    let addsPrefix = try configuration?.optionalBool("add_prefix_space") ?? true
    preTokenizers.append(Metaspace(prependScheme: addsPrefix ? .always : .first))
    return ClassParts(
      normalizer: NormalizerSequence(normalizers), preTokenizer: PreTokenizerSequence(preTokenizers), model: model,
      template: SpecialTokenTemplate(
        classificationID: try id(of: "cls_token", "classification token", settings, model, vocabulary.file),
        separatorID: try id(of: "sep_token", "separator token", settings, model, vocabulary.file)))
  }
}
