import Checkpoints
import Foundation
import SystemPackage
import Testing

@testable import Tokenizers

@Suite("Tokenizers against Hugging Face tokenizers 0.23.3")
struct TokenizerReferenceTests {
  @Test("Every committed case has the same ids and type ids", arguments: TokenizerReference.variants)
  func sameIDs(variant: String) throws {
    let tokenizer = try Tokenizer(directory: TokenizerReference.variant(variant))
    let cases = try TokenizerReference.cases().filter { $0.tokenizer == variant }
    try #require(cases.count >= 100)
    for reference in cases {
      let encoding = tokenizer.encode(reference.text, pair: reference.pair, maximumLength: reference.maximumLength)
      #expect(
        encoding.ids == reference.ids,
        "\(reference.text.debugDescription), \(reference.pair.debugDescription), \(reference.maximumLength)")
      #expect(encoding.typeIDs == reference.typeIDs)
    }
  }

  @Test("Every Unicode scalar has the traits that the reference gives it")
  func scalarTraits() throws {
    let reference = try TokenizerReference.scalars()
    var expected = [UInt8](repeating: 0, count: 0x11_0000)
    let keys: [(String, ScalarTraits)] = [
      ("removed", .removed), ("white_space", .whiteSpace), ("punctuation", .punctuation), ("ideograph", .ideograph),
      ("nonspacing_mark", .nonspacingMark),
    ]
    for (key, trait) in keys {
      for range in try #require(reference[key]?.array).compactMap(\.integers) {
        for value in range[0]...range[1] { expected[value] |= trait.rawValue }
      }
    }
    for mapping in try #require(reference["lowercase"]?.array).compactMap(\.integers) {
      expected[mapping[0]] |= ScalarTraits.hasLowercase.rawValue
      let lowercase = String(Unicode.Scalar(UInt32(mapping[0]))!).unicodeScalars.first!.properties.lowercaseMapping
      #expect(lowercase.unicodeScalars.map { Int($0.value) } == Array(mapping[1...]))
    }
    // A scalar that stands alone after decomposition is all that the accent filter asks about.
    let decomposed = Set(try #require(reference["decomposition"]?.array).compactMap(\.integers).map { $0[0] })
    var differences: [String] = []
    for value in UInt32(0)..<0x11_0000 where !(0xD800..<0xE000).contains(value) {
      var found = ScalarTraits.of(value)
      if decomposed.contains(Int(value)) { found.remove(.nonspacingMark) }
      if found.rawValue != expected[Int(value)] {
        differences.append("U+\(String(value, radix: 16)): \(found.rawValue), expected \(expected[Int(value)])")
      }
    }
    #expect(differences.isEmpty, "\(differences.prefix(20))")
  }

  @Test("Every Unicode scalar decomposes as in the reference, and marks are put in the same order")
  func decomposition() throws {
    let reference = try TokenizerReference.scalars()
    var expected: [UInt32: [UInt32]] = [:]
    for mapping in try #require(reference["decomposition"]?.array).compactMap(\.integers) {
      expected[UInt32(mapping[0])] = mapping[1...].map(UInt32.init)
    }
    try #require(expected.count > 2000)
    var differences: [String] = []
    for value in UInt32(0)..<0x11_0000 where !(0xD800..<0xE000).contains(value) && !(0xAC00...0xD7A3).contains(value) {
      var output: [UInt32] = []
      CanonicalDecomposition.append(value, to: &output)
      if output != expected[value, default: [value]] { differences.append("U+\(String(value, radix: 16))") }
    }
    #expect(differences.isEmpty, "\(differences.prefix(20))")

    var marks = try #require(reference["marks"]?.integers).map(UInt32.init)
    try #require(marks.count > 700)
    CanonicalDecomposition.orderMarks(in: &marks)
    #expect(marks == reference["ordered_marks"]?.integers?.map(UInt32.init))
  }

  @Test("Hangul syllables decompose into the same jamo as Foundation finds")
  func hangul() {
    for value in UInt32(0xAC00)...0xD7A3 {
      var output: [UInt32] = []
      CanonicalDecomposition.append(value, to: &output)
      let oracle = String(Unicode.Scalar(value)!).decomposedStringWithCanonicalMapping
      #expect(output == scalars(of: oracle))
    }
  }

  @Test("The greatest length and the side of truncation come from the files")
  func truncationSettings() throws {
    func load(_ name: String) throws -> Tokenizer {
      try Tokenizer(directory: TokenizerReference.variant(name))
    }
    #expect(try load("uncased").maximumLength == nil)
    #expect(try load("cased").maximumLength == nil)
    // Its truncation is what the last call before saving had asked for.
    #expect(try load("short-words").maximumLength == nil)
    #expect(try load("short-words").truncation.side == .left)
    #expect(try load("vocab-cased").maximumLength == 32)
    #expect(try load("vocab-cased").truncation.side == .right)
  }
}
