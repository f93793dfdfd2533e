import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Tokenizers

@Suite("Tokenizers of every family against transformers 5")
struct FamilyTests {
  @Test("ids and token types of thousands of texts and pairs are the same", arguments: FamilyReference.names)
  func sameIDs(name: String) throws {
    let reference = try FamilyReference()
    let tokenizer = try Tokenizer(directory: FamilyReference.folder.appending(name))
    let hashes = reference.hashes(name)
    try #require(reference.texts.count > 2000 && hashes.count == reference.texts.count + reference.pairs.count)
    for (text, ids) in zip(reference.texts, reference.ids(name)) {
      #expect(tokenizer.encode(text, maximumLength: 1 << 20).ids.map(Int.init) == ids, "\(text.debugDescription)")
    }
    var different: [String] = []
    for (text, hash) in zip(reference.texts, hashes)
    where FamilyReference.hash(tokenizer.encode(text, maximumLength: 1 << 20)) != hash {
      different.append(text.debugDescription)
    }
    for (pair, hash) in zip(reference.pairs, hashes.dropFirst(reference.texts.count)) {
      let found = tokenizer.encode(pair.first, pair: pair.second, maximumLength: pair.maximumLength)
      if FamilyReference.hash(found) != hash { different.append("\(pair)") }
    }
    #expect(different.isEmpty, "\(different.count): \(different.prefix(5))")
  }

  @Test("no two of them are one tokenizer, and a written copy of each is the same")
  func identities() throws {
    var identities: Set<String> = []
    for name in FamilyReference.names {
      let tokenizer = try Tokenizer(directory: FamilyReference.folder.appending(name))
      let again = try Tokenizer(directory: FamilyReference.folder.appending(name))
      #expect(tokenizer.identity == again.identity && tokenizer.difference(from: again) == nil)
      identities.insert(tokenizer.identity)
    }
    #expect(identities.count == FamilyReference.names.count)
  }

  @Test(
    "every change of meaning has another identity, and is named",
    arguments: [
      ("modernbert", #""type":"NFC""#, #""type":"NFD""#, "normalizer.type"),
      ("modernbert", #""normalizer":{"type":"NFC"}"#, #""normalizer":null"#, "normalizer.type"),
      ("modernbert", #""use_regex":true},"post"#, #""use_regex":false},"post"#, "pre_tokenizer.use_regex"),
      ("modernbert", #""add_prefix_space":false"#, #""add_prefix_space":true"#, "pre_tokenizer.add_prefix_space"),
      ("modernbert", #""ignore_merges":false"#, #""ignore_merges":true"#, "model.ignore_merges"),
      ("bpe-words", #""fuse_unk":true"#, #""fuse_unk":false"#, "model.fuse_unk"),
      ("bpe-words", #""unk_token":"<unk>""#, #""unk_token":"<pad>""#, "model.unk_id"),
      ("bpe-words", #""unk_token":"<unk>""#, #""unk_token":null"#, "model.unk_id"),
      ("bpe-words", #""end_of_word_suffix":"</w>""#, #""end_of_word_suffix":"</v>""#, "model.end_of_word_suffix"),
      ("bpe-words", #"{"type":"Lowercase"}"#, #"{"type":"StripAccents"}"#, "normalizer.normalizers[2].type"),
      ("bpe-words", #""type":"Whitespace""#, #""type":"WhitespaceSplit""#, "pre_tokenizer.type"),
      ("bpe-bytes", #""byte_fallback":true"#, #""byte_fallback":false"#, "model.byte_fallback"),
      ("bpe-bytes", #""strip_left":true"#, #""strip_left":false"#, "normalizer.normalizers[1].strip_left"),
      ("bpe-bytes", #""strip_right":true"#, #""strip_right":false"#, "normalizer.normalizers[1].strip_right"),
      ("bpe-bytes", #""prepend":"▁""#, #""prepend":"_""#, "normalizer.normalizers[2].prepend"),
      ("bpe-bytes", #"{"String":" "}"#, #"{"String":"-"}"#, "normalizer.normalizers[3].pattern.String"),
      ("bpe-bytes", #""content":"▁"}"#, #""content":"_"}"#, "normalizer.normalizers[3].content"),
      ("bpe-bytes", #""MergedWithPrevious""#, #""MergedWithNext""#, "pre_tokenizer.pretokenizers[1].behavior"),
      ("unigram-bytes", #""byte_fallback":true"#, #""byte_fallback":false"#, "model.byte_fallback"),
      ("unigram-bytes", #"["<0x00>",0.0]"#, #"["<0x00>",-1.5]"#, "model.scores[5]"),
      ("unigram-bytes", #""unk_id":3"#, #""unk_id":4"#, "model.unk_id"),
      ("unigram-bytes", #"{"Regex":" {2,}"}"#, #"{"Regex":" {3,}"}"#, "pattern.Regex"),
      ("unigram-bytes", #""prepend_scheme":"first""#, #""prepend_scheme":"never""#, "pre_tokenizer.prepend_scheme"),
      ("unigram-bytes", #""split":true"#, #""split":false"#, "pre_tokenizer.split"),
      ("unigram-bytes", #""replacement":"▁""#, #""replacement":"_""#, "pre_tokenizer.replacement"),
    ])
  func meanings(name: String, old: String, new: String, named: String) throws {
    let path = FamilyReference.folder.appending(name).appending("tokenizer.json").string
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    try #require(text.contains(old))
    func tokenizer(_ text: String) throws -> Tokenizer {
      try Tokenizer(tokenizerJSON: MappedFile(path: "tokenizer.json", contents: Array(text.utf8)))
    }
    let (here, there) = (try tokenizer(text), try tokenizer(text.replacing(old, with: new, maxReplacements: 1)))
    #expect(here.identity != there.identity)
    #expect(here.difference(from: there)?.contains(named) == true, "\(here.difference(from: there) ?? "none")")
  }

  @Test("maps of SentencePiece are told apart, and other spellings are one meaning")
  func spellings() throws {
    let map = try #require(CharacterMap([4, 0, 0, 0, 0, 0, 0, 0, 0x61, 0]))
    let other = try #require(CharacterMap([4, 0, 0, 0, 0, 0, 0, 0, 0x62, 0]))
    #expect(Precompiled(map).meaning != Precompiled(other).meaning)
    #expect(NormalizerSequence([Nmt()]).meaning == Nmt().meaning)
    #expect(
      NormalizerSequence([NormalizerSequence([Nmt(), Lowercase()]), Nmt()]).meaning
        == NormalizerSequence([Nmt(), Lowercase(), Nmt()]).meaning)
    let (a, b, ab, ba) = (Int32(0), Int32(1), Int32(2), Int32(3))
    let tokens = ["a", "b", "ab", "ba"].enumerated().map { Tokenizer.Token(text: $0.element, id: Int32($0.offset)) }
    let merges = [BPE.Merge(left: a, right: b, whole: ab), BPE.Merge(left: b, right: a, whole: ba)]
    func meaning(_ merges: [BPE.Merge]) -> JSON? {
      BPE(tokens: tokens, merges: merges, settings: BPE.Settings())?.meaning
    }
    #expect(meaning(merges) != meaning(merges.reversed()))
    #expect(meaning(merges.reversed()) == meaning(merges + [merges[0]]))
    #expect(PreTokenizerSequence([WhitespaceSplit()]).meaning == WhitespaceSplit().meaning)
  }

  @Test("every scalar is of the same classes, and has the same normal forms")
  func scalars() throws {
    let reference = try JSON(contentsOf: TokenizerReference.folder.appending("families_scalars.json"))
    let classes: [(String, RegexTraits)] = [
      ("letter", .letter), ("number", .number), ("white_space", .whiteSpace), ("mark", .mark), ("word", .word),
    ]
    var expected = [UInt8](repeating: 0, count: 0x11_0000)
    for (name, trait) in classes {
      for range in try #require(reference[name]?.array).compactMap(\.integers) {
        for value in range[0]...range[1] { expected[value] |= trait.rawValue }
      }
    }
    let values = (UInt32(0)..<0x11_0000).filter { !(0xD800..<0xE000).contains($0) }
    let different = values.filter { RegexTraits.of($0).rawValue != expected[Int($0)] }
    #expect(different.isEmpty, "\(different.prefix(20).map { String($0, radix: 16) })")

    let forms: [(String, any Normalizer)] = [
      ("NFC", UnicodeNormalizer<NFC>()), ("NFD", UnicodeNormalizer<NFD>()), ("NFKC", UnicodeNormalizer<NFKC>()),
      ("NFKD", UnicodeNormalizer<NFKD>()), ("Nmt", Nmt()), ("Lowercase", Lowercase()),
    ]
    for (name, normalizer) in forms {
      let hashes = try #require(reference["forms"]?[name]?.array).compactMap(\.string)
      var found: [String] = []
      for block in UInt32(0)..<0x110 where !(0xD..<0xE).contains(block) || block == 0xD {
        let inBlock = (block << 12..<(block + 1) << 12).filter { !(0xD800..<0xE000).contains($0) }
        found.append(FamilyReference.hash(inBlock.flatMap { [$0] + normalizer.normalize([$0]) }))
      }
      let wrong = zip(hashes, found).enumerated().filter { $0.element.0 != $0.element.1 }.map(\.offset)
      #expect(hashes.count == found.count && wrong.isEmpty, "\(name), blocks \(wrong)")
    }
  }
}
