/// The types of parts that are implemented, one list for each section of `tokenizer.json`.
///
/// To add a type, write it in a file of its own and name it here. A `type` that no list has is refused by name.
enum KnownParts {
  static let normalizers: [any Normalizer.Type] = [
    BertNormalizer.self, NormalizerSequence.self, UnicodeNormalizer<NFC>.self, UnicodeNormalizer<NFD>.self,
    UnicodeNormalizer<NFKC>.self, UnicodeNormalizer<NFKD>.self, Nmt.self, Precompiled.self, Replace.self, Strip.self,
    StripAccents.self, Lowercase.self, Prepend.self,
  ]
  static let preTokenizers: [any PreTokenizer.Type] = [
    BertPreTokenizer.self, PreTokenizerSequence.self, ByteLevel.self, Metaspace.self, Whitespace.self,
    WhitespaceSplit.self, Punctuation.self,
  ]
  static let models: [any TokenModel.Type] = [WordPiece.self, BPE.self, Unigram.self]
  static let postProcessors: [any PostProcessor.Type] = [
    TemplateProcessing.self, BertProcessing.self, RobertaProcessing.self, ByteLevelProcessing.self,
    PostProcessorSequence.self,
  ]
}

extension TokenizerSection {
  /// This section as a `normalizer`.
  func normalizer() throws(TokenizerError) -> any Normalizer {
    try type(among: KnownParts.normalizers) { $0.typeName }.init(self)
  }

  /// This section as a `pre_tokenizer`.
  func preTokenizer() throws(TokenizerError) -> any PreTokenizer {
    try type(among: KnownParts.preTokenizers) { $0.typeName }.init(self)
  }

  /// This section as a `model`. Old files leave the type out.
  func tokenModel() throws(TokenizerError) -> any TokenModel {
    guard optional("type") != nil else {
      if json["merges"] != nil { return try BPE(self) }
      return json["vocab"]?.array != nil ? try Unigram(self) : try WordPiece(self)
    }
    return try type(among: KnownParts.models) { $0.typeName }.init(self)
  }

  /// This section as a `post_processor`.
  func template() throws(TokenizerError) -> SpecialTokenTemplate {
    try type(among: KnownParts.postProcessors) { $0.typeName }.template(self)
  }

  /// The section `member`; nil where it is null.
  func nullable(_ member: String) throws(TokenizerError) -> TokenizerSection? {
    try required(member).isNull ? nil : try section(member)
  }

  /// The one of `known` that the member `type` names.
  private func type<Part>(among known: [Part], name: (Part) -> String) throws(TokenizerError) -> Part {
    let names = known.map(name)
    let stated = try string("type")
    guard let index = names.firstIndex(of: stated) else {
      throw unsupported("type", "\"\(stated)\"", names.joined(separator: ", "))
    }
    return known[index]
  }
}
