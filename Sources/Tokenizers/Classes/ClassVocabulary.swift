import Checkpoints

/// What a ``ClassBuilder`` takes from `tokenizer.json` or from older files.
struct ClassVocabulary {
  /// Where it stands, for messages.
  let file: String
  let words: Words
  /// SentencePiece's map of texts, where the file has one.
  var map: Precompiled?
  /// Where `tokenizer.json` puts special tokens; nil where the class does not ask.
  var template: SpecialTokenTemplate?
  /// The id that a SentencePiece model gives its unknown token.
  var unknownID: Int?
  /// The control tokens and the tokens of its users that a SentencePiece model has.
  var extraTokens: [JSON]?

  enum Words {
    /// For WordPiece.
    case plain([Tokenizer.Token])
    /// For BPE.
    case merged([Tokenizer.Token], [(left: String, right: String)])
    /// For Unigram.
    case scored([(token: String, score: Double)])
  }

  init(file: String, words: Words) {
    self.file = file
    self.words = words
  }

  /// Reads a `tokenizer.json` whose model is `stored`.
  ///
  /// - Parameter builder: its model must be of the same type.
  init(
    _ section: TokenizerSection, _ stored: any TokenModel, for builder: any ClassBuilder.Type
  ) throws(TokenizerError) {
    file = section.file
    let typeName = type(of: stored).typeName
    guard typeName == builder.modelName else {
      throw .unsupported(
        file: file, key: "model.type", value: "\"\(typeName)\"",
        supported: "\(builder.modelName), the model of the tokenizer's class")
    }
    if let model = stored as? BPE {
      guard model.settings.continuationPrefix.isEmpty else {
        throw .unsupported(
          file: file, key: "model.continuing_subword_prefix", value: "\"\(model.settings.continuationPrefix)\"",
          supported: "none, as the tokenizer's class has none")
      }
      words = .merged(model.tokens, model.pairs)
    } else if let model = stored as? Unigram {
      words = .scored(zip(model.tokens, model.scores).map { ($0.text, $1) })
    } else {
      words = .plain(stored.tokens)
    }
    map = try section.map()
    if builder.takesTemplate, section.optional("post_processor") != nil {
      template = try section.section("post_processor").template()
    }
  }

  /// The vocabulary of a ``Unigram``; empty where it is for another model.
  var scored: [(token: String, score: Double)] { if case .scored(let words) = words { words } else { [] } }

  /// The vocabulary of a ``WordPiece``; empty where it is for another model.
  var plain: [Tokenizer.Token] { if case .plain(let tokens) = words { tokens } else { [] } }

  /// A ``Unigram`` of this vocabulary.
  func unigram(unknownID: Int) throws(TokenizerError) -> Unigram {
    guard let model = Unigram(vocabulary: scored, unknownID: unknownID) else {
      throw .missingToken(file: file, token: "id \(unknownID)", role: "unknown token of the tokenizer's class")
    }
    return model
  }
}

extension BPE {
  /// The texts of ``merges``.
  fileprivate var pairs: [(left: String, right: String)] {
    var texts: [Int32: String] = [:]
    for token in tokens { texts[token.id] = token.text }
    return merges.map { (texts[$0.left] ?? "", texts[$0.right] ?? "") }
  }
}

extension TokenizerSection {
  /// The first map of SentencePiece in `normalizer`, by itself or in a sequence, beside whatever else is there.
  fileprivate func map() throws(TokenizerError) -> Precompiled? {
    guard optional("normalizer") != nil else { return nil }
    let normalizer = try section("normalizer")
    if normalizer.json["type"]?.string == Precompiled.typeName { return try Precompiled(normalizer) }
    guard normalizer.json["type"]?.string == NormalizerSequence.typeName else { return nil }
    for (index, json) in try normalizer.array("normalizers").enumerated()
    where json["type"]?.string == Precompiled.typeName {
      return try Precompiled(normalizer.section("normalizers", index, json))
    }
    return nil
  }
}
