/// BERT's tokenizer: the same ids as Hugging Face `tokenizers` gives for the same files.
///
/// Text passes through added tokens as written, the normaliser, added tokens in normalised text, the split at white space
/// and punctuation, and the greedy longest-first match of WordPiece (Wu et al. 2016; Devlin et al. 2018).
package struct WordPieceTokenizer: Sendable {
  package let normalizer: BertNormalizer
  package let template: SpecialTokenTemplate
  package let addedTokens: [AddedToken]
  package let truncationSide: TruncationSide
  /// The greatest length that the tokenizer's files ask for, special tokens included; nil where they name none.
  package let maximumLength: Int?
  /// Every token of the vocabulary with its id, by id; added tokens that the vocabulary lacks come last.
  package let tokens: [Token]

  package struct Token: Sendable {
    package let text: String
    package let id: Int32
  }

  /// What the WordPiece model is told beside its vocabulary.
  struct Model: Sendable, Equatable {
    let unknownID: Int32
    let continuationPrefix: String
    /// Words with more scalars than this are unknown.
    let maximumWordLength: Int
  }
  let model: Model

  private let vocabulary: WordPieceVocabulary
  private let writtenTokens: AddedTokenMatcher
  private let normalizedTokens: AddedTokenMatcher

  init(
    pieces: [Token], model: Model, normalizer: BertNormalizer, template: SpecialTokenTemplate,
    addedTokens: [AddedToken], truncationSide: TruncationSide, maximumLength: Int?
  ) {
    self.model = model
    self.normalizer = normalizer
    self.template = template
    self.addedTokens = addedTokens
    self.truncationSide = truncationSide
    self.maximumLength = maximumLength
    let known = Set(pieces.map(\.id))
    tokens =
      (pieces + addedTokens.filter { !known.contains($0.id) }.map { Token(text: $0.content, id: $0.id) })
      .sorted { $0.id < $1.id }
    vocabulary = WordPieceVocabulary(
      pieces: pieces.map { (scalars(of: $0.text), $0.id) }, model: model)
    writtenTokens = AddedTokenMatcher(
      addedTokens.filter { !$0.isNormalized }.map { (scalars(of: $0.content), $0) })
    normalizedTokens = AddedTokenMatcher(
      addedTokens.filter(\.isNormalized).map { (normalizer.normalize(scalars(of: $0.content)[...]), $0) })
  }

  /// One more than the greatest id: the rows that an embedding needs at least.
  package var vocabularySize: Int { Int(tokens.last?.id ?? -1) + 1 }

  /// The number of special tokens around a single text or a pair; `encode` needs at least this length.
  package func specialCount(isPair: Bool) -> Int { template.specialCount(isPair: isPair) }

  /// The ids of `text` without special tokens around it and without a limit.
  package func textIDs(of text: String) -> [Int32] {
    var output: [Int32] = []
    let written = scalars(of: text)
    for piece in writtenTokens.pieces(of: written) {
      switch piece {
      case .token(let id): output.append(id)
      case .text(let range): appendIDs(of: normalizer.normalize(written[range]), to: &output)
      }
    }
    return output
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
    let kept = longestFirstLengths(firstIDs.count, secondIDs.count, maximum: maximumLength - specials)
    var ids: [Int32] = []
    var typeIDs: [Int32] = []
    ids.reserveCapacity(specials + kept.first + kept.second)
    for piece in second == nil ? template.single : template.pair {
      switch piece {
      case .special(let special, let typeID):
        ids += special
        typeIDs += repeatElement(typeID, count: special.count)
      case .first(let typeID):
        ids += keep(kept.first, of: firstIDs)
        typeIDs += repeatElement(typeID, count: kept.first)
      case .second(let typeID):
        ids += keep(kept.second, of: secondIDs)
        typeIDs += repeatElement(typeID, count: kept.second)
      }
    }
    let textTokenCount = firstIDs.count + secondIDs.count
    return Encoding(
      ids: ids, typeIDs: typeIDs, textTokenCount: textTokenCount,
      isTruncated: kept.first + kept.second < textTokenCount)
  }

  private func keep(_ count: Int, of ids: [Int32]) -> ArraySlice<Int32> {
    truncationSide == .right ? ids.prefix(count) : ids.suffix(count)
  }

  private func appendIDs(of normalized: [UInt32], to output: inout [Int32]) {
    guard !normalizedTokens.isEmpty else { return appendWords(of: normalized, in: 0..<normalized.count, to: &output) }
    for piece in normalizedTokens.pieces(of: normalized) {
      switch piece {
      case .token(let id): output.append(id)
      case .text(let range): appendWords(of: normalized, in: range, to: &output)
      }
    }
  }

  /// Splits at white space, which is dropped, and around every punctuation character, which is a word.
  private func appendWords(of scalars: [UInt32], in range: Range<Int>, to output: inout [Int32]) {
    var start = range.lowerBound
    for index in range {
      let traits = ScalarTraits.of(scalars[index])
      guard !traits.isDisjoint(with: [.whiteSpace, .punctuation]) else { continue }
      if start < index { vocabulary.appendPieces(of: scalars, in: start..<index, to: &output) }
      if !traits.contains(.whiteSpace) { vocabulary.appendPieces(of: scalars, in: index..<index + 1, to: &output) }
      start = index + 1
    }
    if start < range.upperBound { vocabulary.appendPieces(of: scalars, in: start..<range.upperBound, to: &output) }
  }
}

/// The scalar values of `text`.
func scalars(of text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }
