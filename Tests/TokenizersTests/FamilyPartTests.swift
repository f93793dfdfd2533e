import Testing

@testable import Checkpoints
@testable import Tokenizers

/// Cases made by hand: what each part does to a text that shows it.
@Suite("Parts of the other families' tokenizers")
struct FamilyPartTests {
  private static func section(_ text: String) throws -> TokenizerSection {
    try TokenizerSection(file: "tokenizer.json", key: "", json: JSON(parsing: Array(text.utf8)))
  }

  private static func text(_ scalars: [UInt32]) -> String {
    String(String.UnicodeScalarView(scalars.compactMap(Unicode.Scalar.init)))
  }

  private static func pieces(_ part: String, _ text: String, startCount: Int = 0) throws -> [String] {
    let scalars = scalars(of: text)
    var cut = PreTokenizedText(scalars: scalars, pieces: [0..<scalars.count], startCount: startCount)
    try section(part).preTokenizer().split(&cut)
    return cut.pieces.map { Self.text(Array(cut.scalars[$0])) }
  }

  private static func normal(_ part: String, _ text: String) throws -> String {
    Self.text(try section(part).normalizer().normalize(scalars(of: text)[...]))
  }

  @Test(
    "Pre-tokenisers cut as they should",
    arguments: [
      (#"{"type":"ByteLevel","add_prefix_space":false}"#, "I'll  be\n 12a's", "I|'ll|Ġ|Ġbe|Ċ|Ġ12|a|'s"),
      (#"{"type":"ByteLevel","add_prefix_space":true}"#, "é!?  ", "ĠÃ©|!?|ĠĠ"),
      (#"{"type":"ByteLevel","add_prefix_space":true,"use_regex":false}"#, " a b", "ĠaĠb"),
      (#"{"type":"ByteLevel","add_prefix_space":false}"#, "x \n\n y 'd 're", "x|ĠĊĊ|Ġy|Ġ'|d|Ġ'|re"),
      (#"{"type":"Metaspace","replacement":"▁"}"#, "a  b", "▁a|▁|▁b"),
      (#"{"type":"Metaspace","replacement":"_","prepend_scheme":"never"}"#, "a_b c", "a|_b|_c"),
      (#"{"type":"Metaspace","replacement":"▁","add_prefix_space":false}"#, "a", "a"),
      (#"{"type":"Metaspace","replacement":"▁","split":false}"#, "a b", "▁a▁b"),
      (#"{"type":"WhitespaceSplit"}"#, " a,b\t c ", "a,b|c"),
      (#"{"type":"Whitespace"}"#, "a_1,-b é\u{301}!", "a_1|,-|b|é\u{301}|!"),
      (#"{"type":"Punctuation"}"#, "a,,b", "a|,|,|b"),
      (#"{"type":"Punctuation","behavior":"Removed"}"#, ",a,,b", "a|b"),
      (#"{"type":"Punctuation","behavior":"Contiguous"}"#, "a,,b", "a|,,|b"),
      (#"{"type":"Punctuation","behavior":"MergedWithPrevious"}"#, "a,,b", "a,|,|b"),
      (#"{"type":"Punctuation","behavior":"MergedWithNext"}"#, "a,,b", "a|,|,b"),
      (
        #"{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁"}]}"#,
        "a  b", "▁a|▁b"
      ),
    ])
  func preTokenizers(part: String, text: String, expected: String) throws {
    #expect(try Self.pieces(part, text).joined(separator: "|") == expected)
  }

  @Test("The scheme first puts its mark at the start of the text alone")
  func first() throws {
    let part = #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}"#
    #expect(try Self.pieces(part, "a", startCount: 1) == ["▁a"])
    #expect(try Self.pieces(part, "a", startCount: 0) == ["a"])
    // A start that the normaliser removes is no start any more; one that it writes as two scalars is.
    #expect(Strip(left: true, right: true).normalizedCount(of: 1, in: scalars(of: " a")[...]) == 0)
    #expect(UnicodeNormalizer<NFKD>().normalizedCount(of: 1, in: scalars(of: "\u{FB01}x")[...]) == 2)
    let replace = Replace(ReplacePattern(text: "``"), with: "\"")
    #expect(replace.normalizedCount(of: 1, in: scalars(of: "``x")[...]) == 0)
    #expect(replace.normalizedCount(of: 2, in: scalars(of: "``x")[...]) == 1)
  }

  @Test(
    "Normalisers write what they should",
    arguments: [
      (#"{"type":"Nmt"}"#, "a\u{1}\tb\u{200B}c\u{7F}\u{A0}", "a b c\u{A0}"),
      (#"{"type":"NFC"}"#, "e\u{301}\u{1100}\u{1161}\u{11A8}", "\u{E9}\u{AC01}"),
      (#"{"type":"NFD"}"#, "\u{E9}\u{AC01}", "e\u{301}\u{1100}\u{1161}\u{11A8}"),
      (#"{"type":"NFKC"}"#, "\u{FB01}\u{2460}\u{FF21}\u{1E9B}\u{323}", "fi1A\u{1E69}"),
      (#"{"type":"NFKD"}"#, "\u{BD}\u{1E9B}\u{323}", "1\u{2044}2s\u{323}\u{307}"),
      (#"{"type":"Strip","strip_left":true,"strip_right":false}"#, "\u{3000} a ", "a "),
      (#"{"type":"Strip","strip_left":false,"strip_right":true}"#, " a\n", " a"),
      (#"{"type":"StripAccents"}"#, "e\u{301}\u{E9}\u{903}", "e\u{E9}"),
      (#"{"type":"Lowercase"}"#, "A\u{130}\u{3A3}", "ai\u{307}\u{3C3}"),
      (#"{"type":"Prepend","prepend":"▁"}"#, "a", "▁a"), (#"{"type":"Prepend","prepend":"▁"}"#, "", ""),
      (#"{"type":"Replace","pattern":{"String":"''"},"content":"q"}"#, "a'''b", "aq'b"),
      (#"{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"_"}"#, "a b   c", "a b_c"),
      (#"{"type":"Replace","pattern":{"Regex":"\\s{2,}|[\\n\\r\\t]"},"content":"_"}"#, "a \tb\nc d", "a_b_c d"),
      (#"{"type":"Replace","pattern":{"Regex":"ab|\\s+"},"content":""}"#, "abxa b \n", "xab"),
      (
        #"{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"},{"type":"Lowercase"}]}"#, "\u{C9}",
        "e"
      ),
    ])
  func normalizers(part: String, text: String, expected: String) throws {
    #expect(Array(try Self.normal(part, text).utf8) == Array(expected.utf8))
  }

  @Test("BPE merges the pair of the lowest rank first, and of equal pairs the leftmost")
  func bpe() throws {
    func ids(_ more: String, _ text: String) throws -> [Int32] {
      let model = try Self.section(
        #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"aa":3,"aab":4,"<u>":5,"<0xC3>":6,"<0xA9>":7},"#
          + #""merges":["a b",["a","a"],"a ab"]\#(more)}"#
      ).tokenModel()
      var found: [Int32] = []
      let scalars = scalars(of: text)
      model.appendIDs(of: PreTokenizedText(scalars: scalars, pieces: [0..<scalars.count]), to: &found)
      return found
    }
    // The vocabulary's "aab" comes from "a ab"; "aaa" merges from the left.
    #expect(try ids("", "aab") == [4] && ids("", "aaa") == [3, 0] && ids("", "aaaab") == [3, 4])
    #expect(try ids("", "a\u{E9}b") == [2])
    #expect(try ids(#","unk_token":"<u>""#, "a\u{E9}\u{E9}b") == [0, 5, 5, 1])
    #expect(try ids(#","unk_token":"<u>","fuse_unk":true"#, "a\u{E9}\u{E9}b") == [0, 5, 1])
    #expect(try ids(#","byte_fallback":true"#, "\u{E9}\u{E8}") == [6, 7])
    #expect(try ids(#","unk_token":"<u>","byte_fallback":true"#, "\u{E8}\u{E9}") == [6, 7, 5])
    #expect(try ids(#","ignore_merges":true"#, "aa") == [3])
    // Of a pair that comes twice the last rank counts: "a a" before "a b" now.
    let twice = try Self.section(
      #"{"vocab":{"a":0,"b":1,"ab":2,"aa":3},"merges":["a b","a a","a b"]}"#
    ).tokenModel()
    var found: [Int32] = []
    twice.appendIDs(of: PreTokenizedText(scalars: scalars(of: "aab"), pieces: [0..<3]), to: &found)
    #expect(found == [3, 1])
  }

  @Test("Unigram finds the best sum, and writes one unknown token for several")
  func unigram() throws {
    func ids(_ more: String, _ text: String) throws -> [Int32] {
      let model = try Self.section(
        #"{"type":"Unigram","unk_id":0,"vocab":[["<u>",0],["a",-1],["b",-1.5],["ab",-2],["abc",-9],["c",-1],"#
          + #"["<0xC3>",-20],["<0xA9>",-20],["xy",-30],["aa",-2]]\#(more)}"#
      ).tokenModel()
      var found: [Int32] = []
      let scalars = scalars(of: text)
      model.appendIDs(of: PreTokenizedText(scalars: scalars, pieces: [0..<scalars.count]), to: &found)
      return found
    }
    #expect(try ids("", "abc") == [3, 5])
    // Two ways of one sum: the one that is found first stays.
    #expect(try ids("", "aa") == [9])
    #expect(try ids("", "azzb") == [1, 0, 2] && ids("", "") == [])
    #expect(try ids(#","byte_fallback":true"#, "a\u{E9}") == [1, 6, 7])
    #expect(try ids(#","byte_fallback":true"#, "\u{E9}\u{E8}") == [0])
    // Unknown scalars in a row that happen to be a token.
    #expect(try ids("", "axy") == [1, 8])
  }

  @Test("Base64 is read and written, and what is none is told")
  func base64() {
    for (text, bytes) in [("", []), ("AA==", [0]), ("AAE=", [0, 1]), ("AAEC", [0, 1, 2]), ("+/8A", [0xFB, 0xFF, 0])]
      as [(String, [UInt8])]
    {
      #expect(Base64.decode(text) == bytes && Base64.encode(bytes) == text)
    }
    #expect(Base64.decode("A") == nil && Base64.decode("A*==") == nil && Base64.decode("A===") == nil)
  }

  @Test("The heap gives numbers in order")
  func heap() {
    var generator = SystemRandomNumberGenerator()
    var heap = MinimumHeap()
    let numbers = (0..<500).map { _ in UInt64.random(in: 0..<100, using: &generator) }
    for number in numbers { heap.insert(number) }
    var found: [UInt64] = []
    while let number = heap.popMinimum() { found.append(number) }
    #expect(found == numbers.sorted())
  }

  @Test(
    "What is not implemented is refused by name",
    arguments: [
      (#"{"type":"Replace","pattern":{"Regex":"a*"},"content":""}"#, "pattern.Regex"),
      (#"{"type":"Replace","pattern":{"Regex":"[a-z]"},"content":""}"#, "pattern.Regex"),
      (#"{"type":"Replace","pattern":{"Regex":"^a"},"content":""}"#, "pattern.Regex"),
      (#"{"type":"Replace","pattern":{"String":""},"content":""}"#, "pattern.String"),
      (#"{"type":"Sequence","normalizers":[{"type":"ByteLevel"}]}"#, "normalizers[0].type"),
    ])
  func refusedNormalizers(part: String, key: String) throws {
    guard case .unsupported(_, key, _, _)? = TokenizerFileTests.error({ _ = try Self.section(part).normalizer() })
    else {
      Issue.record("\(part) was taken")
      return
    }
  }

  @Test(
    "So are values of models, pre-tokenisers and templates",
    arguments: [
      (#"{"type":"BPE","dropout":0.1,"vocab":{},"merges":[]}"#, "model", "dropout"),
      (#"{"type":"Unigram","unk_id":null,"vocab":[["a",0]]}"#, "model", "unk_id"),
      (#"{"type":"Metaspace","replacement":"▁","prepend_scheme":"last"}"#, "pre", "prepend_scheme"),
      (
        #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","add_prefix_space":false}"#, "pre",
        "add_prefix_space"
      ),
      (#"{"type":"Punctuation","behavior":"Doubled"}"#, "pre", "behavior"),
      (
        #"{"type":"Sequence","processors":[{"type":"BertProcessing","sep":["s",1],"cls":["c",0]},"#
          + #"{"type":"BertProcessing","sep":["s",1],"cls":["c",0]}]}"#, "post", "processors"
      ),
    ])
  func refusedParts(part: String, kind: String, key: String) throws {
    let section = try Self.section(part)
    let error = TokenizerFileTests.error {
      switch kind {
      case "model": _ = try section.tokenModel()
      case "pre": _ = try section.preTokenizer()
      default: _ = try section.template()
      }
    }
    guard case .unsupported(_, key, _, _)? = error else {
      Issue.record("\(error.debugDescription)")
      return
    }
  }

  @Test("Malformed models name the place")
  func malformed() throws {
    func error(_ text: String) -> TokenizerError? {
      TokenizerFileTests.error { _ = try Self.section(text).tokenModel() }
    }
    let place = "merges[0]"
    #expect(
      error(#"{"type":"BPE","vocab":{"a":0},"merges":["a"]}"#)
        == .wrongType(file: "tokenizer.json", key: place, expected: "two tokens"))
    #expect(
      error(#"{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}"#)
        == .missingToken(file: "tokenizer.json", token: "ab", role: "token of merges[0]"))
    #expect(
      error(#"{"type":"Unigram","unk_id":0,"vocab":[["a"]]}"#)
        == .wrongType(file: "tokenizer.json", key: "vocab[0]", expected: "a token and its score"))
    #expect(
      error(#"{"type":"Unigram","unk_id":3,"vocab":[["a",0]]}"#)
        == .wrongType(file: "tokenizer.json", key: "unk_id", expected: "the id of one of the 1 tokens"))
    for text in ["", "A", "AAAA", "AAAAAAAA", "/////////w=="] {
      let part = #"{"type":"Precompiled","precompiled_charsmap":"\#(text)"}"#
      guard case .wrongType? = TokenizerFileTests.error({ _ = try Self.section(part).normalizer() }) else {
        Issue.record("\(text) was taken")
        continue
      }
    }
  }
}
