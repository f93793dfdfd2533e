import Checkpoints
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
