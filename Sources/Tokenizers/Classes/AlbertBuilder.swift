import Checkpoints

/// `AlbertTokenizer`: no accents and lower case unless the configuration says otherwise, id 1 for what is unknown, and
/// the template of tokenizer.json.
enum AlbertBuilder: ClassBuilder {
  static let modelName = Unigram.typeName
  static let vocabularyFile = "spiece.model"
  static let specialTokens = [
    "bos_token": "[CLS]", "eos_token": "[SEP]", "unk_token": "<unk>", "sep_token": "[SEP]", "pad_token": "<pad>",
    "cls_token": "[CLS]", "mask_token": "[MASK]",
  ]
  static let takesTemplate = true

  static func parts(
    _ vocabulary: ClassVocabulary, _ settings: TokenizerSettings
  ) throws(TokenizerError) -> ClassParts {
    let configuration = settings.configuration
    let model = try vocabulary.unigram(unknownID: 1)
    var normalizers: [any Normalizer] = ["``", "''"].map { Replace(ReplacePattern(text: $0), with: "\"") }
    if try configuration?.optionalBool("keep_accents") != true {
      normalizers += [UnicodeNormalizer<NFKD>(), StripAccents()]
    }
    if try configuration?.optionalBool("do_lower_case") != false { normalizers.append(Lowercase()) }
    if let map = vocabulary.map { normalizers.append(map) }
    let own = SpecialTokenTemplate(
      classificationID: try id(of: "cls_token", "classification token", settings, model, vocabulary.file),
      separatorID: try id(of: "sep_token", "separator token", settings, model, vocabulary.file))
    return ClassParts(
      normalizer: NormalizerSequence(normalizers),
      preTokenizer: try PreTokenizerSequence.sentencePieceWords(settings), model: model,
      template: vocabulary.template ?? own)
  }
}
