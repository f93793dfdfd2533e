import Testing

@testable import Tokenizers

@Suite("Parts of a tokenizer")
struct PartTests {
  @Test("The pre-tokeniser cuts each piece by itself and drops white space and what no piece has")
  func preTokenizer() {
    // The pieces are "a, b" and "c"; the x before them and between them is in none.
    var text = PreTokenizedText(scalars: scalars(of: "xa, bxc"), pieces: [1..<5, 6..<7])
    BertPreTokenizer().split(&text)
    #expect(text == PreTokenizedText(scalars: scalars(of: "xa, bxc"), pieces: [1..<2, 2..<3, 4..<5, 6..<7]))
    // Neighbouring pieces stay apart.
    text = PreTokenizedText(scalars: scalars(of: "film"), pieces: [0..<2, 2..<4])
    BertPreTokenizer().split(&text)
    #expect(text.pieces == [0..<2, 2..<4])
  }

  @Test("WordPiece spells each piece by itself, and what it cannot spell is one unknown token")
  func wordPiece() throws {
    let tokens = ["[UNK]", "film", "##s", "fi", "##lm", ""].enumerated().map {
      Tokenizer.Token(text: $0.element, id: Int32($0.offset))
    }
    let model = try #require(
      WordPiece(tokens: tokens, unknownToken: "[UNK]", continuationPrefix: "##", maximumWordLength: 5))
    var ids: [Int32] = [9]
    model.appendIDs(
      of: PreTokenizedText(scalars: scalars(of: "filmsfilmxfilmss"), pieces: [0..<5, 5..<9, 5..<10, 10..<12, 10..<16]),
      to: &ids)
    #expect(ids == [9, 1, 2, 1, 0, 3, 0])
    #expect(model.id(of: "##lm") == 4 && model.id(of: "##l") == nil && model.id(of: "") == 5)
    #expect(
      WordPiece(tokens: tokens, unknownToken: "<unk>", continuationPrefix: "##", maximumWordLength: 5) == nil)
  }

  @Test("Every type that is known has a name of its own")
  func names() {
    for names in [
      KnownParts.normalizers.map { $0.typeName }, KnownParts.preTokenizers.map { $0.typeName },
      KnownParts.models.map { $0.typeName }, KnownParts.postProcessors.map { $0.typeName },
    ] {
      #expect(Set(names).count == names.count && !names.isEmpty)
    }
  }
}
