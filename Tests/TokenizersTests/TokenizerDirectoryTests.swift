import Checkpoints
import SystemPackage
import TestSupport
import Testing

@testable import Tokenizers

/// `Tests/Reference/tokenizer/make_directories.py` asked transformers 5 what it makes of these files.
@Suite("Tokenizer files of model directories")
struct TokenizerDirectoryTests {
  private let golden: JSON
  private let scratch: Scratch

  init() throws {
    golden = try JSON(contentsOf: TokenizerReference.folder.appending("directories.json"))
    scratch = try Scratch()
  }

  private func write(_ files: [JSON.Member], to name: String) throws -> FilePath {
    for file in files {
      let content = file.value.string ?? ""
      try scratch.write("\(name)/\(file.key)", content.isEmpty ? golden["tokenizer.json"]?.string ?? "" : content)
    }
    return scratch.path.appending(name)
  }

  @Test("ids, token types and cuts are those of the tokenizer's class")
  func classes() throws {
    let cases = try #require(golden["cases"]?.array)
    let texts = (golden["texts"]?.array ?? []).map { ($0.array?[0].string ?? "", $0.array?[1].string) }
    #expect(cases.count >= 60 && texts.count == 4)
    for (index, json) in cases.enumerated() {
      let name = try #require(json["name"]?.string)
      let directory = try write(json["files"]?.members ?? [], to: "\(index)")
      let tokenizer: Tokenizer
      do { tokenizer = try Tokenizer(directory: directory, class: "BertTokenizer") } catch {
        Issue.record("\(name): \(error)")
        continue
      }
      for (kind, length) in [("long", 40), ("short", 9)] {
        for (number, wanted) in (json[kind]?.array ?? []).enumerated() {
          let found = tokenizer.encode(texts[number].0, pair: texts[number].1, maximumLength: length)
          #expect(found.ids.map(Int.init) == wanted["ids"]?.integers, "\(name), text \(number), \(kind)")
          #expect(found.typeIDs.map(Int.init) == wanted["type_ids"]?.integers, "\(name), text \(number), \(kind)")
        }
      }
    }
  }

  @Test("what a class does not use, and what version 4 fed, is said")
  func notes() throws {
    func notes(_ name: String) throws -> [String] {
      let json = try #require(golden["cases"]?.array?.first { $0["name"]?.string == name })
      let directory = try write(json["files"]?.members ?? [], to: name)
      return try Tokenizer(directory: directory, class: "BertTokenizer").notes
    }
    #expect(try notes("plain") == [])
    #expect(try notes("class BertTokenizer").first?.contains("builds normalizer from tokenizer_config.json") == true)
    #expect(try notes("template").first?.contains("builds post_processor from") == true)
    #expect(try notes("class PreTrainedTokenizerFast").first?.contains("version 4 fed 0 and 1") == true)
    #expect(try notes("fast 3 inputs") == [])
  }

  @Test("tokenizers that differ only in tokens or inputs named elsewhere are not one")
  func identities() throws {
    let names = ["plain", "bert 2 inputs", "bert additional", "bert decoder", "truncation Left", "strip_accents False"]
    let identities = try names.map { name in
      let json = try #require(golden["cases"]?.array?.first { $0["name"]?.string == name })
      return try Tokenizer(directory: write(json["files"]?.members ?? [], to: name), class: "BertTokenizer").identity
    }
    #expect(Set(identities).count == names.count)
  }

  @Test("the length that the last call had asked for binds nobody")
  func savedLength() throws {
    let json = try #require(golden["cases"]?.array?.first { $0["name"]?.string == "truncation Left" })
    let tokenizer = try Tokenizer(directory: write(json["files"]?.members ?? [], to: "saved"))
    #expect(tokenizer.maximumLength == 64 && tokenizer.truncation.side == .left)
  }

  @Test("a byte order mark is no part of a vocabulary's first token")
  func byteOrderMark() throws {
    try scratch.write("bom/vocab.txt", "\u{FEFF}[PAD]\n[UNK]\n[CLS]\n[SEP]\nfilm\n")
    let tokenizer = try Tokenizer(directory: scratch.path.appending("bom"))
    #expect(tokenizer.tokens.map(\.text) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "film"])
    #expect(tokenizer.encode("film [PAD]", maximumLength: 9).ids == [2, 4, 0, 3])
  }

  @Test("a setting that splits special tokens is refused, and the length has an older name")
  func otherSettings() throws {
    try scratch.write("older/vocab.txt", "[UNK]\n[CLS]\n[SEP]\n")
    try scratch.write("older/tokenizer_config.json", #"{"max_len": 9}"#)
    #expect(try Tokenizer(directory: scratch.path.appending("older")).maximumLength == 9)
    try scratch.write("older/tokenizer_config.json", #"{"max_len": 9, "model_max_length": 7}"#)
    #expect(try Tokenizer(directory: scratch.path.appending("older")).maximumLength == 7)
    try scratch.write("older/tokenizer_config.json", #"{"split_special_tokens": true}"#)
    #expect(throws: TokenizerError.self) { try Tokenizer(directory: scratch.path.appending("older")) }
    #expect(throws: TokenizerError.self) {
      try Tokenizer(directory: scratch.path.appending("older"), class: "T5Tokenizer")
    }
  }

  @Test("a class that is not known is refused by name")
  func unknownClass() throws {
    try scratch.write("other/vocab.txt", "[UNK]\n[CLS]\n[SEP]\n")
    try scratch.write("other/tokenizer_config.json", #"{"tokenizer_class": "GPT2TokenizerFast"}"#)
    guard
      case .unsupported(_, "tokenizer_class", "\"GPT2TokenizerFast\"", _)? = TokenizerFileTests.error({
        _ = try Tokenizer(directory: scratch.path.appending("other"))
      })
    else {
      Issue.record("the class was taken")
      return
    }
    try scratch.write("other/tokenizer_config.json", #"{"tokenizer_class": "PreTrainedTokenizerFast"}"#)
    #expect(throws: TokenizerError.self) { try Tokenizer(directory: scratch.path.appending("other")) }
  }
}
