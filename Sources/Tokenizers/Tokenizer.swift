/// Turns text into token ids: the same ids as Hugging Face `tokenizers` gives for the same files.
///
/// Text passes through these parts, in this order:
/// 1. added tokens that are looked for in the text as it is written,
/// 2. the normaliser, for each stretch of text between them,
/// 3. added tokens that are looked for in normalised text,
/// 4. the pre-tokeniser, which cuts each stretch into pieces (words, mostly),
/// 5. the model, which turns each piece into ids,
/// 6. truncation, and the template, which puts special tokens around one text or a pair.
///
/// Each part is a type of its own, and each is read from its own section of `tokenizer.json`; ``KnownParts`` lists
/// them.
package struct Tokenizer: Sendable {
  /// A token of the vocabulary.
  package struct Token: Sendable {
    package let text: String
    package let id: Int32
  }

  let addedTokens: AddedTokens
  let normalizer: any Normalizer
  let preTokenizer: any PreTokenizer
  let model: any TokenModel
  let template: SpecialTokenTemplate
  let truncation: Truncation
  /// Whether the numbers of the segments are fed to the model; zeros are fed otherwise.
  let feedsTokenTypes: Bool
  /// What is odd about the files, for the user.
  package let notes: [String]
  /// Every token of the vocabulary with its id, by id and then by its bytes; added tokens are among them.
  package let tokens: [Token]

  init(
    addedTokens: AddedTokens, normalizer: any Normalizer, preTokenizer: any PreTokenizer, model: any TokenModel,
    template: SpecialTokenTemplate, truncation: Truncation, feedsTokenTypes: Bool, notes: [String] = []
  ) {
    self.addedTokens = addedTokens
    self.normalizer = normalizer
    self.preTokenizer = preTokenizer
    self.model = model
    self.template = template
    self.truncation = truncation
    self.feedsTokenTypes = feedsTokenTypes
    self.notes = notes
    let known = Set(model.tokens.map(\.id))
    let added = addedTokens.tokens.filter { !known.contains($0.id) }.map { Token(text: $0.content, id: $0.id) }
    tokens = (model.tokens + added).sorted {
      $0.id != $1.id ? $0.id < $1.id : $0.text.utf8.lexicographicallyPrecedes($1.text.utf8)
    }
  }

  /// The kind of its model, as tokenizer.json names it: `WordPiece`, `BPE`, `Unigram`.
  package var kind: String { type(of: model).typeName }

  /// One more than the greatest id: the rows that an embedding needs at least.
  package var vocabularySize: Int { Int(tokens.last?.id ?? -1) + 1 }

  /// The greatest length that the tokenizer's files ask for, special tokens included; nil where they name none.
  package var maximumLength: Int? { truncation.maximumLength }

  /// The number of special tokens around a single text or a pair; `encode` needs at least this length.
  package func specialCount(isPair: Bool) -> Int { template.specialCount(isPair: isPair) }

  /// The ids of `text` without special tokens around it and without a limit.
  package func textIDs(of text: String) -> [Int32] {
    var ids: [Int32] = []
    let written = scalars(of: text)
    for stretch in addedTokens.written.stretches(of: written) {
      switch stretch {
      case .token(let id): ids.append(id)
      case .text(let range):
        let asksForStart = range.lowerBound == 0 && preTokenizer.asksForStart
        appendIDs(
          of: normalizer.normalize(written[range]),
          startCount: asksForStart ? normalizer.normalizedCount(of: 1, in: written[range]) : 0, to: &ids)
      }
    }
    return ids
  }

  private func appendIDs(of normalized: [UInt32], startCount: Int, to ids: inout [Int32]) {
    for stretch in addedTokens.normalized.stretches(of: normalized) {
      switch stretch {
      case .token(let id): ids.append(id)
      case .text(let range):
        var text = PreTokenizedText(scalars: normalized, pieces: [range], startCount: startCount)
        preTokenizer.split(&text)
        model.appendIDs(of: text, to: &ids)
      }
    }
  }

  /// Encodes one text or a pair, with special tokens, in at most `maximumLength` tokens.
  ///
  /// What is too long is cut by `longest_first`; special tokens are always kept.
  /// - Precondition: `maximumLength` holds at least the special tokens.
  package func encode(_ first: String, pair second: String? = nil, maximumLength: Int) -> Encoding {
    let specials = specialCount(isPair: second != nil)
    precondition(maximumLength >= specials, "the special tokens alone need \(specials) tokens")
    let firstIDs = textIDs(of: first)
    let secondIDs = second.map(textIDs) ?? []
    let kept = Truncation.longestFirst(firstIDs.count, secondIDs.count, maximum: maximumLength - specials)
    var ids: [Int32] = []
    var typeIDs: [Int32] = []
    ids.reserveCapacity(specials + kept.first + kept.second)
    for piece in second == nil ? template.single : template.pair {
      switch piece {
      case .special(let special, let typeID):
        ids += special
        typeIDs += repeatElement(typeID, count: special.count)
      case .first(let typeID):
        ids += truncation.side.keep(kept.first, of: firstIDs)
        typeIDs += repeatElement(typeID, count: kept.first)
      case .second(let typeID):
        ids += truncation.side.keep(kept.second, of: secondIDs)
        typeIDs += repeatElement(typeID, count: kept.second)
      }
    }
    let textTokenCount = firstIDs.count + secondIDs.count
    if !feedsTokenTypes { typeIDs = Array(repeating: 0, count: typeIDs.count) }
    return Encoding(
      ids: ids, typeIDs: typeIDs, textTokenCount: textTokenCount,
      isTruncated: kept.first + kept.second < textTokenCount)
  }
}

/// The scalar values of `text`.
func scalars(of text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }
