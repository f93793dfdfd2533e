import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Checkpoints
@testable import Tokenizers

@Suite("Tokenizer files of every family")
struct FamilyFileTests {
  private static func files(_ name: String) throws -> [(name: String, bytes: [UInt8])] {
    let folder = FamilyReference.folder.appending(name)
    return try FileManager.default.contentsOfDirectory(atPath: folder.string).sorted().map { file in
      (file, Array(try Data(contentsOf: URL(fileURLWithPath: folder.appending(file).string))))
    }
  }

  @Test("a changed byte never traps: it is an error, or a tokenizer that encodes", arguments: FamilyReference.names)
  func mutations(name: String) throws {
    var generator = SeededGenerator(state: UInt64(name.utf8.count))
    let files = try Self.files(name)
    let scratch = try Scratch()
    for _ in 0..<12 {
      let changed = files.indices.randomElement(using: &generator) ?? 0
      for (index, file) in files.enumerated() {
        var bytes = file.bytes
        if index == changed {
          for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: place)
            case 2: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            default: bytes.removeSubrange(place..<min(place + 40, bytes.count))
            }
            if bytes.isEmpty { break }
          }
        }
        try scratch.write("\(name)/\(file.name)", bytes: Data(bytes))
      }
      // Its errors can only be those that name a file.
      guard let tokenizer = try? Tokenizer(directory: scratch.path.appending(name)) else { continue }
      for text in ["The ferry isn't late.", "\u{1112}\u{1161}\u{11AB} <mask> caf\u{E9} e\u{301}\r\n\u{1F600}", "", " "]
      {
        _ = tokenizer.encode(text, pair: "bees", maximumLength: 64)
      }
    }
  }

  @Test("a SentencePiece model that breaks off anywhere is an error or a shorter model")
  func brokenModels() throws {
    let bytes = try #require(try Self.files("classic-albert").first { $0.name == "spiece.model" }).bytes
    for count in Array(0..<100) + stride(from: 100, to: bytes.count, by: 37) {
      let file = MappedFile(path: "spiece.model", contents: Array(bytes[..<count]))
      guard let error = TokenizerFileTests.error({ _ = try SentencePieceModel(file) }) else { continue }
      #expect(error.subject == "spiece.model")
    }
    let model = try SentencePieceModel(MappedFile(path: "spiece.model", contents: bytes))
    #expect(model.pieces[1].kind == .unknown && model.unknownID == 1 && !model.map.isEmpty)
    #expect(model.pieces[2].text == "[CLS]" && model.pieces[2].kind == .control)
    // trainer_spec, model_type 2.
    let other = bytes + [0x12, 0x02, 0x18, 0x02]
    guard
      case .unsupported(_, "trainer_spec.model_type", "2", _)? = TokenizerFileTests.error({
        _ = try SentencePieceModel(MappedFile(path: "spiece.model", contents: other))
      })
    else {
      Issue.record("the model was taken")
      return
    }
  }

  @Test("the file of the class is the one that is missed")
  func missing() throws {
    let scratch = try Scratch()
    func error(_ name: String, _ configuration: String) throws -> TokenizerError? {
      try scratch.write("\(name)/tokenizer_config.json", configuration)
      return TokenizerFileTests.error { _ = try Tokenizer(directory: scratch.path.appending(name)) }
    }
    for (model, file) in [
      ("Albert", "spiece.model"), ("DebertaV2", "spm.model"), ("XLMRoberta", "sentencepiece.bpe.model"),
      ("Camembert", "sentencepiece.bpe.model"), ("Roberta", "vocab.json"), ("MPNet", "vocab.txt"),
    ] {
      let directory = scratch.path.appending(model).string
      #expect(
        try error(model, #"{"tokenizer_class":"\#(model)Tokenizer"}"#)
          == .noTokenizer(directory: directory, file: file))
    }
    try scratch.write("Roberta/vocab.json", #"{"<s>":0,"</s>":1,"a":2}"#)
    let directory = scratch.path.appending("Roberta").string
    #expect(
      try error("Roberta", #"{"tokenizer_class":"RobertaTokenizer"}"#)
        == .noTokenizer(directory: directory, file: "merges.txt"))
    try scratch.write("Roberta/merges.txt", "#version: 0.2\na b c\n")
    #expect(
      try error("Roberta", #"{"tokenizer_class":"RobertaTokenizer"}"#)
        == .wrongType(file: directory + "/merges.txt", key: "line 2", expected: "two tokens"))
  }

  @Test("a class whose model is another is refused, and the family's class decides where none is named")
  func classes() throws {
    let scratch = try Scratch()
    for file in try Self.files("modernbert") { try scratch.write("m/\(file.name)", bytes: Data(file.bytes)) }
    let directory = scratch.path.appending("m")
    func error(_ name: String) throws -> TokenizerError? {
      try scratch.write("m/tokenizer_config.json", #"{"tokenizer_class":"\#(name)"}"#)
      return TokenizerFileTests.error { _ = try Tokenizer(directory: directory) }
    }
    guard case .unsupported(_, "model.type", "\"BPE\"", _)? = try error("AlbertTokenizer") else {
      Issue.record("BPE was taken for ALBERT")
      return
    }
    try scratch.write("m/tokenizer_config.json", #"{"tokenizer_class":"AlbertTokenizer"}"#)
    // ModernBERT's family reads tokenizer.json as it is, whatever class is named.
    let plain = try Tokenizer(directory: directory, family: "TokenizersBackend")
    #expect(plain.normalizer is UnicodeNormalizer<NFC> && !plain.feedsTokenTypes)
    try scratch.write("m/tokenizer_config.json", "{}")
    let rebuilt = try Tokenizer(directory: directory, class: "RobertaTokenizer", family: "BertTokenizer")
    #expect(rebuilt.notes.first?.contains("normalizer") == true)
    #expect(rebuilt.normalizer is NormalizerSequence)
    #expect(try Tokenizer(directory: directory, family: "RobertaTokenizer").identity == rebuilt.identity)
    guard
      case .unsupported(let file, "tokenizer_class", "\"XLNetTokenizer\"", _)? = TokenizerFileTests.error({
        _ = try Tokenizer(directory: directory, class: "XLNetTokenizer")
      })
    else {
      Issue.record("the class was taken")
      return
    }
    #expect(file == directory.appending("config.json").string)
  }

  @Test("ALBERT takes the template of tokenizer.json, and refuses one that it does not know")
  func albertTemplate() throws {
    let file = try #require(try Self.files("albert").first { $0.name == "tokenizer.json" })
    let text = String(decoding: file.bytes, as: UTF8.self)
    let start = try #require(text.range(of: #""post_processor":"#)?.upperBound)
    let end = try #require(text.range(of: #","decoder""#)?.lowerBound)
    func tokenizer(_ template: String) throws -> Tokenizer {
      let text = text.replacingCharacters(in: start..<end, with: template)
      return try Tokenizer(
        tokenizerJSON: MappedFile(path: "tokenizer.json", contents: Array(text.utf8)), class: "AlbertTokenizer")
    }
    let swapped = #"{"type":"BertProcessing","sep":["[CLS]",2],"cls":["[SEP]",3]}"#
    #expect(try tokenizer(swapped).encode("", maximumLength: 2).ids == [3, 2])
    #expect(try tokenizer("null").encode("", maximumLength: 2).ids == [2, 3])
    guard
      case .unsupported(_, "post_processor.type", _, _)? = TokenizerFileTests.error({
        _ = try tokenizer(#"{"type":"Own"}"#)
      })
    else {
      Issue.record("the template was taken")
      return
    }
  }

  @Test("a name of the class that the vocabulary lacks keeps its id free")
  func reservedIDs() throws {
    let scratch = try Scratch()
    try scratch.write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\n[PAD]\nfilm\n")
    try scratch.write("tokenizer_config.json", #"{"additional_special_tokens":["[X]","[MASK]"]}"#)
    let tokenizer = try Tokenizer(directory: scratch.path)
    // transformers gives [MASK] the id 5 before it adds [X].
    #expect(tokenizer.encode("[X][MASK]", maximumLength: 9).ids == [1, 6, 5, 2])
  }
}

/// A generator whose numbers are the same in every run (SplitMix64).
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
