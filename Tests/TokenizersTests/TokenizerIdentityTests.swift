import Checkpoints
import TestSupport
import Testing

@testable import Tokenizers

@Suite("The identity of a tokenizer")
struct TokenizerIdentityTests {
  private static let file = """
    {
      "version": "1.0", "truncation": null, "padding": null,
      "added_tokens": [
        {"id": 0, "content": "[UNK]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
         "special": true}],
      "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
        "lowercase": true},
      "pre_tokenizer": {"type": "BertPreTokenizer"},
      "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
      "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
      "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "film": 3, "##s": 4, "é": 5}}
    }
    """

  private static func tokenizer(
    _ changes: [(old: String, new: String)] = [], configuration: String? = nil
  ) throws -> Tokenizer {
    var text = file
    for (old, new) in changes {
      try #require(text.contains(old), "\(old)")
      text = text.replacing(old, with: new)
    }
    return try Tokenizer(
      tokenizerJSON: MappedFile(path: "tokenizer.json", contents: Array(text.utf8)),
      configuration: configuration.map { MappedFile(path: "tokenizer_config.json", contents: Array($0.utf8)) })
  }

  /// The format of docs/file-formats.md. The hash is that of `sha256sum` for this text.
  @Test("The identity is the hash of a written text")
  func writtenFormat() throws {
    let tokenizer = try Self.tokenizer()
    #expect(
      tokenizer.meaning.canonicalText == """
        {"added_tokens":[{"content":"[UNK]","id":0,"lstrip":false,"normalized":false,"rstrip":false,\
        "single_word":false}],"model":{"continuing_subword_prefix":"##","max_input_chars_per_word":100,\
        "type":"WordPiece","unk_id":0},"normalizer":{"clean_text":true,"handle_chinese_chars":true,"lowercase":true,\
        "strip_accents":true,"type":"BertNormalizer"},"pre_tokenizer":{"type":"BertPreTokenizer"},\
        "template":{"pair":[{"id":1,"type_id":0},{"text":"A","type_id":0},{"id":2,"type_id":0},\
        {"text":"B","type_id":1},{"id":2,"type_id":1}],"single":[{"id":1,"type_id":0},{"text":"A","type_id":0},\
        {"id":2,"type_id":0}]},"token_types":true,"truncation_side":"right",\
        "vocabulary":[["[UNK]",0],["[CLS]",1],["[SEP]",2],["film",3],["##s",4],["é",5]]}
        """)
    #expect(tokenizer.identity == "f546d883ae69993b0bfc97f41bf445aed346b0bd3edbb9eace6b3a7d4046480b")
  }

  @Test(
    "Another spelling of one meaning has the same identity",
    arguments: [
      [(" ", "")], [("\n", "\r\n\t")], [("null,\n", "true,\n")], [("\"type\": \"WordPiece\", \"unk", "\"unk")],
      [("\"type\": \"BertNormalizer\", \"clean_text\": true", "\"clean_text\": true, \"type\": \"BertNormalizer\"")],
      [("\"film\": 3, \"##s\": 4, \"é\": 5", "\"\\u00e9\": 5, \"##s\": 4, \"fi\\u006cm\": 3")],
      [
        ("\"version\": \"1.0\", ", ""), ("\"cleanup\": true", "\"cleanup\": false"),
        ("\"special\": true", "\"special\": false"),
      ],
      [
        (
          "\"truncation\": null",
          #""truncation": {"direction": "Right", "max_length": 7, "strategy": "LongestFirst", "stride": 2}"#
        )
      ],
      [
        (
          #"{"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]}"#,
          """
          {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "c", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
              {"SpecialToken": {"id": "s", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": "c", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
              {"SpecialToken": {"id": "s", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
              {"SpecialToken": {"id": "s", "type_id": 1}}],
            "special_tokens": {"c": {"id": "c", "ids": [1], "tokens": ["[CLS]"]},
              "s": {"id": "s", "ids": [2], "tokens": ["[SEP]"]}}}
          """
        )
      ],
    ])
  func sameMeaning(changes: [(old: String, new: String)]) throws {
    let (here, there) = (try Self.tokenizer(), try Self.tokenizer(changes))
    #expect(here.identity == there.identity)
    #expect(here.difference(from: there) == nil)
  }

  @Test("One special token of two ids and two special tokens are one meaning")
  func flattenedTemplate() {
    let (cls, sep): (Int32, Int32) = (1, 2)
    let once = SpecialTokenTemplate(single: [.special(ids: [cls, sep], typeID: 0), .first(typeID: 0)], pair: [])
    let twice = SpecialTokenTemplate(
      single: [.special(ids: [cls], typeID: 0), .special(ids: [sep], typeID: 0), .first(typeID: 0)], pair: [])
    #expect(once.meaning.canonicalText == twice.meaning.canonicalText)
  }

  @Test("vocab.txt and tokenizer.json with the same parts have the same identity")
  func classicFiles() throws {
    let scratch = try Scratch()
    try scratch.write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\nfilm\n##s\né\n")
    let classic = try Tokenizer(directory: scratch.path)
    let added = [1, 2].map { id in
      """
      , {"id": \(id), "content": "\(["", "[CLS]", "[SEP]"][id])", "single_word": false, "lstrip": false,
       "rstrip": false, "normalized": false, "special": true}
      """
    }
    let fast = try Self.tokenizer([("\"special\": true}", "\"special\": true}" + added.joined())])
    #expect(classic.difference(from: fast) == nil)
    #expect(classic.identity == fast.identity)
    #expect(classic.identity != (try Self.tokenizer()).identity)
  }

  @Test("Every change of meaning has another identity, and is named")
  func otherMeanings() throws {
    let changes: [(old: String, new: String, named: String)] = [
      ("\"single_word\": false", "\"single_word\": true", "added_tokens[0].single_word"),
      ("\"lstrip\": false", "\"lstrip\": true", "added_tokens[0].lstrip"),
      ("\"rstrip\": false", "\"rstrip\": true", "added_tokens[0].rstrip"),
      ("\"normalized\": false", "\"normalized\": true", "added_tokens[0].normalized"),
      ("\"id\": 0, \"content\": \"[UNK]\"", "\"id\": 3, \"content\": \"film\"", "added_tokens[0].content"),
      ("\"clean_text\": true", "\"clean_text\": false", "normalizer.clean_text"),
      ("\"handle_chinese_chars\": true", "\"handle_chinese_chars\": false", "normalizer.handle_chinese_chars"),
      ("\"strip_accents\": null", "\"strip_accents\": false", "normalizer.strip_accents"),
      ("null,\n    \"lowercase\": true", "true, \"lowercase\": false", "normalizer.lowercase"),
      ("[\"[SEP]\", 2]", "[\"[SEP]\", 3]", "template.pair[2].id"),
      ("[\"[CLS]\", 1]", "[\"[CLS]\", 3]", "template.pair[0].id"),
      ("\"unk_token\": \"[UNK]\"", "\"unk_token\": \"film\"", "model.unk_id"),
      ("_prefix\": \"##\"", "_prefix\": \"#\"", "model.continuing_subword_prefix"),
      ("\"max_input_chars_per_word\": 100", "\"max_input_chars_per_word\": 99", "model.max_input_chars_per_word"),
      ("\"film\": 3, \"##s\": 4", "\"film\": 4, \"##s\": 3", "id 3 is \"film\""),
      ("\"film\": 3", "\"films\": 3", "\"films\""),
      ("\"é\": 5", "\"e\u{301}\": 5", "id 5"),
      (", \"é\": 5", "", "6 tokens and the other 5"),
    ]
    let first = try Self.tokenizer()
    var identities = [first.identity]
    for (old, new, named) in changes {
      let other = try Self.tokenizer([(old, new)])
      let difference = first.difference(from: other)
      #expect(difference?.contains(named) == true, "\(difference ?? "no difference") after \(new)")
      identities.append(other.identity)
    }
    let left = try Self.tokenizer(configuration: #"{"truncation_side": "left"}"#)
    #expect(first.difference(from: left) == #"truncation_side is "right" in one tokenizer and "left" in the other"#)
    identities.append(left.identity)
    // Canonically equivalent, which `==` of Swift's strings does not tell apart.
    #expect(JSON.string("é").difference(from: .string("e\u{301}"), at: "model.x") != nil)
    let accents = ["é", "e\u{301}"].map { ("\"id\": 0, \"content\": \"[UNK]\"", "\"id\": 6, \"content\": \"x\($0)\"") }
    let (composed, decomposed) = (try Self.tokenizer([accents[0]]), try Self.tokenizer([accents[1]]))
    #expect(composed.difference(from: decomposed) != nil)
    identities += [composed.identity, decomposed.identity]
    #expect(Set(identities).count == identities.count)
  }

  @Test("A part of another type is named by its type alone")
  func otherType() {
    let here: JSON = ["a": ["lowercase": true, "type": "BertNormalizer"]]
    let there: JSON = ["a": ["form": "NFC", "type": "NFC"]]
    #expect(here.difference(from: there) == #"a.type is "BertNormalizer" in one tokenizer and "NFC" in the other"#)
  }
}
