@testable import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Tokenizers

@Suite("Tokenizer files")
struct TokenizerFileTests {
  /// A tokenizer.json of the reference, changed by replacing `old` with `new`, which must be found.
  static func load(
    _ variant: String = "uncased", replacing old: String = "", with new: String = "", configuration: String? = nil
  ) throws -> Tokenizer {
    let path = TokenizerReference.variant(variant).appending("tokenizer.json").string
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    try #require(old.isEmpty || text.contains(old))
    let folder = try Scratch()
    try folder.write("tokenizer.json", old.isEmpty ? text : text.replacing(old, with: new))
    if let configuration { try folder.write("tokenizer_config.json", configuration) }
    return try Tokenizer(directory: folder.path)
  }

  static func error(_ body: () throws -> Void) -> TokenizerError? {
    do { try body() } catch { return error as? TokenizerError }
    return nil
  }

  @Test(
    "What is not implemented is an error that names file and key",
    arguments: [
      ("\"type\":\"WordPiece\",\"unk", "\"type\":\"WordLevel\",\"unk", "model.type", "\"WordLevel\""),
      ("\"BertNormalizer\"", "\"ByteLevel\"", "normalizer.type", "\"ByteLevel\""),
      ("\"BertPreTokenizer\"", "\"Split\"", "pre_tokenizer.type", "\"Split\""),
      ("\"TemplateProcessing\"", "\"Own\"", "post_processor.type", "\"Own\""),
      ("\"version\":\"1.0\"", "\"version\":\"2.0\"", "version", "\"2.0\""),
      (
        "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":0}}],\"pair\"",
        "{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":0}}],\"pair\"", "post_processor.single",
        "a template without the text A alone"
      ),
    ])
  func unsupported(old: String, new: String, key: String, value: String) throws {
    let error = Self.error { _ = try Self.load(replacing: old, with: new) }
    guard case .unsupported(let file, key, value, _)? = error else {
      Issue.record("\(error.debugDescription)")
      return
    }
    #expect(file.hasSuffix("/tokenizer.json"))
    #expect(error?.exitCode == .badInput)
  }

  @Test(
    "A key that is not known is an error that names it",
    arguments: [
      ("\"version\"", "\"dropout\":0,\"version\"", "dropout"),
      ("\"clean_text\"", "\"fold\":true,\"clean_text\"", "normalizer.fold"),
      ("\"unk_token\"", "\"fuse_unk\":true,\"unk_token\"", "model.fuse_unk"),
      ("\"content\":\"[PAD]\"", "\"content\":\"[PAD]\",\"fold\":1", "added_tokens[0].fold"),
      ("\"type\":\"BertPreTokenizer\"", "\"type\":\"BertPreTokenizer\",\"x\":1", "pre_tokenizer.x"),
    ])
  func unknownKey(old: String, new: String, key: String) throws {
    guard case .unknownKey(_, key)? = Self.error({ _ = try Self.load(replacing: old, with: new) }) else {
      Issue.record("no error for \(key)")
      return
    }
  }

  @Test(
    "Missing keys and values of another type are named",
    arguments: [
      ("\"clean_text\":true,", "", "normalizer.clean_text"),
      ("\"lowercase\":true", "\"lowercase\":1", "normalizer.lowercase"),
      ("\"max_input_chars_per_word\":100,", "", "model.max_input_chars_per_word"),
      ("\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},", "", "pre_tokenizer"),
      ("\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},", "\"pre_tokenizer\":[],", "pre_tokenizer"),
      ("\"[PAD]\":0,", "\"[PAD]\":-1,", "model.vocab[\"[PAD]\"]"),
      ("\"[PAD]\":0,", "\"[PAD]\":4294967296,", "model.vocab[\"[PAD]\"]"),
      ("\"ids\":[5]", "\"ids\":[true]", "post_processor.special_tokens.[CLS].ids"),
      ("\"special_tokens\":{\"[CLS]\"", "\"special_tokens\":{\"[XXX]\"", "post_processor.special_tokens.[CLS]"),
    ])
  func wrongType(old: String, new: String, key: String) throws {
    switch Self.error({ _ = try Self.load(replacing: old, with: new) }) {
    case .missingKey(_, key), .wrongType(_, key, _): break
    case let error: Issue.record("\(error.debugDescription)")
    }
  }

  @Test("Tokens that the vocabulary contradicts are refused")
  func tokens() {
    let unknown = Self.error {
      _ = try Self.load(replacing: "\"unk_token\":\"[UNK]\"", with: "\"unk_token\":\"<unk>\"")
    }
    guard case .missingToken(_, "<unk>", _)? = unknown else {
      Issue.record("\(unknown.debugDescription)")
      return
    }
    let moved = Self.error { _ = try Self.load(replacing: "\"id\":7,\"content\"", with: "\"id\":9,\"content\"") }
    guard case .wrongTokenID(_, "added_tokens[4].id", "[MASK]", 9, 7)? = moved else {
      Issue.record("\(moved.debugDescription)")
      return
    }
    let empty = Self.error {
      _ = try Self.load("added", replacing: "\"content\":\"moviegoer\"", with: "\"content\":\"\\u0301\"")
    }
    guard case .emptyToken? = empty else {
      Issue.record("\(empty.debugDescription)")
      return
    }
    let twice = Self.error {
      _ = try Self.load("added", replacing: "\"content\":\"<w>\"", with: "\"content\":\"<r>\"")
    }
    guard case .repeatedToken(_, _, "<r>")? = twice else {
      Issue.record("\(twice.debugDescription)")
      return
    }
  }

  @Test("the length and the side come from tokenizer_config.json")
  func truncation() throws {
    let tokenizer = try Self.load(configuration: "{\"model_max_length\":77,\"truncation_side\":\"left\"}")
    #expect(tokenizer.maximumLength == 77 && tokenizer.truncation.side == .left)
    #expect(
      tokenizer.encode("the film is good", maximumLength: 4).ids == tokenizer.encode("is good", maximumLength: 4).ids)
  }

  @Test("Broken files and directories without a tokenizer are told apart")
  func broken() throws {
    let folder = try Scratch()
    func error() -> TokenizerError? { Self.error { _ = try Tokenizer(directory: folder.path) } }
    #expect(error() == .noTokenizer(directory: folder.path.string))
    #expect(error()?.exitCode == .missingInput)
    try folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n")
    #expect(error() == nil)
    try folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n")
    let file = folder.path.appending("vocab.txt").string
    #expect(error() == .missingToken(file: file, token: "[SEP]", role: "separator token"))
    try folder.write("vocab.txt", bytes: Data([0x61, 0x0A, 0xFF, 0x0A]))
    #expect(error() == .invalidUTF8(file: file, line: 2))
    try folder.write("tokenizer_config.json", "{\"tokenizer_class\":\"XLNetTokenizer\"}")
    guard case .unsupported(_, "tokenizer_class", "\"XLNetTokenizer\"", _)? = error() else {
      Issue.record("\(error().debugDescription)")
      return
    }
    try folder.write("tokenizer.json", "{")
    try folder.write("tokenizer_config.json", "{}")
    let json = folder.path.appending("tokenizer.json").string
    #expect(error() == .invalidJSON(file: json, JSONError(problem: .unexpectedEnd, offset: 1)))
  }

  @Test("Special tokens of another name are read from tokenizer_config.json")
  func names() throws {
    let folder = try Scratch()
    try folder.write("vocab.txt", "<pad>\n<unk>\n<s>\n</s>\nfilm\n<mask>\n")
    try folder.write(
      "tokenizer_config.json",
      """
      {"unk_token": "<unk>", "cls_token": {"content": "<s>"}, "sep_token": "</s>", "mask_token": "<mask>"}
      """)
    let tokenizer = try Tokenizer(directory: folder.path)
    #expect(tokenizer.encode("Film<mask>\u{1F600}", maximumLength: 9).ids == [2, 4, 5, 1, 3])
    #expect(tokenizer.vocabularySize == 6)
  }

  @Test("Two tokenizers are compared token by token and setting by setting")
  func difference() throws {
    func load(_ name: String) throws -> Tokenizer {
      try Tokenizer(directory: TokenizerReference.variant(name))
    }
    let uncased = try load("uncased")
    #expect(uncased.difference(from: try load("uncased")) == nil)
    #expect(uncased.difference(from: try load("vocab")) == nil)
    #expect(uncased.difference(from: try load("cased"))?.contains("normalizer.lowercase is true") == true)
    #expect(uncased.difference(from: try load("short-words"))?.contains("model.continuing_subword_prefix") == true)
    let swapped = try Self.load(replacing: "\"film\":96", with: "\"film\":9600")
    #expect(uncased.difference(from: swapped)?.contains("\"film\"") == true)
    // é in one scalar and in two are different tokens.
    let folder = try Scratch()
    let special = "[UNK]\n[CLS]\n[SEP]\n"
    try folder.write("vocab.txt", special + "caf\u{E9}\n")
    let composed = try Tokenizer(directory: folder.path)
    try folder.write("vocab.txt", special + "cafe\u{301}\n")
    #expect(composed.difference(from: try Tokenizer(directory: folder.path)) != nil)
  }

  @Test("More tokens than an encoder may have, and words whose pieces would take for ever to find, are refused")
  func bounds() throws {
    let folder = try Scratch()
    try folder.write("vocab.txt", String(repeating: "a\n", count: 1 << 20) + "[UNK]\n")
    guard case .tooLarge(let file, let what)? = Self.error({ _ = try Tokenizer(directory: folder.path) })
    else {
      Issue.record("the vocabulary was read")
      return
    }
    #expect(file.hasSuffix("vocab.txt") && what.contains("1048576"))
    let key = "\"max_input_chars_per_word\":"
    #expect(throws: Never.self) { try Self.load(replacing: key + "100", with: key + "1000") }
    guard
      case .unsupported(_, "model.max_input_chars_per_word", "1001", _)? = Self.error({
        _ = try Self.load(replacing: key + "100", with: key + "1001")
      })
    else {
      Issue.record("the tokenizer was read")
      return
    }
  }
}
