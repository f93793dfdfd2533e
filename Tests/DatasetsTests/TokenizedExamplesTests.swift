import Testing
import Tokenizers

@testable import Datasets

@Suite("Tokenised examples as bytes")
struct TokenizedExamplesTests {
  static func sample() -> TokenizedExamples {
    var examples = TokenizedExamples(fileRowCount: 1_000_000)
    let targets: [Target] = [
      .none, .label(0), .label(70_000), .value(-2.5), .value(.leastNonzeroMagnitude), .labels([]),
      .labels([true, false, true]),
    ]
    for (index, target) in targets.enumerated() {
      let ids = (0..<Int32(index * 3)).map { 30_521 - $0 * 11 }
      examples.append(
        Encoding(ids: ids, typeIDs: ids.map { $0 % 2 }, textTokenCount: ids.count, isTruncated: index % 2 == 1),
        rowIndex: index * 150_000, target: target)
    }
    return examples
  }

  @Test("Reading gives back what was written")
  func roundTrip() throws {
    for examples in [Self.sample(), TokenizedExamples(fileRowCount: 0)] {
      #expect(try TokenizedExamples(decoding: examples.bytes) == examples)
    }
    let examples = Self.sample()
    #expect(examples.truncatedCount == 3)
    #expect(examples.tokenCount == 63)
    #expect(examples[2].ids.count == examples.length(2))
    #expect(examples[2].rowIndex == 300_000 && examples[2].target == .label(70_000))
  }

  @Test("Numbers for several outputs are kept to the last bit")
  func severalValues() throws {
    var examples = TokenizedExamples(fileRowCount: 9)
    for (row, values) in [[], [1.5], [-.infinity, .leastNonzeroMagnitude, 0.1]].enumerated() {
      examples.append(
        Encoding(ids: [1], typeIDs: [0], textTokenCount: 1, isTruncated: false), rowIndex: row, target: .values(values))
    }
    let bytes = examples.bytes
    #expect(try TokenizedExamples(decoding: bytes) == examples)
    for count in bytes.indices {
      #expect(throws: TokenizedExamplesError.self) { try TokenizedExamples(decoding: Array(bytes[..<count])) }
    }
  }

  @Test("The layout is little-endian and versioned")
  func layout() {
    let bytes = TokenizedExamples(fileRowCount: 0x0102).bytes
    #expect(bytes.prefix(8).elementsEqual([0x46, 0x4D, 0x54, 0x45, 2, 0, 0, 0]))
    #expect(bytes[24..<32].elementsEqual([2, 1, 0, 0, 0, 0, 0, 0]))
  }

  @Test("Bytes that end at any earlier place are refused")
  func cut() {
    let bytes = Self.sample().bytes
    for count in bytes.indices {
      #expect(throws: TokenizedExamplesError.self) { try TokenizedExamples(decoding: Array(bytes[..<count])) }
    }
  }

  @Test("Changed bytes are refused or give other examples, never a crash")
  func changed() {
    let examples = Self.sample()
    let bytes = examples.bytes
    for index in bytes.indices {
      for value: UInt8 in [0x00, 0x7F, 0xFF] where bytes[index] != value {
        var broken = bytes
        broken[index] = value
        if let other = try? TokenizedExamples(decoding: broken) { #expect(other != examples) }
      }
    }
  }

  @Test("Each rule has its own error")
  func errors() {
    let bytes = Self.sample().bytes
    func decode(_ change: (inout [UInt8]) -> Void) throws {
      var broken = bytes
      change(&broken)
      _ = try TokenizedExamples(decoding: broken)
    }
    #expect(throws: TokenizedExamplesError.wrongMagic) { try decode { $0[0] = 0 } }
    #expect(throws: TokenizedExamplesError.unknownVersion(1)) { try decode { $0[4] = 1 } }
    #expect(throws: TokenizedExamplesError.trailingBytes(1)) { try decode { $0.append(0) } }
    #expect(throws: TokenizedExamplesError.endsEarly(offset: bytes.count)) { try decode { $0[14] = 1 } }
    #expect(throws: TokenizedExamplesError.inconsistent("more examples were cut than there are")) {
      try decode { $0[32] = 8 }
    }
    #expect(throws: TokenizedExamplesError.inconsistent("the lengths do not add up to the token count")) {
      try decode { $0[40] = 1 }
    }
    // Row 1, 150000 = 0x0249F0, becomes 0, which is row 0 again.
    let secondRow = 40 + 7 * 8 + 8
    #expect(throws: TokenizedExamplesError.inconsistent("row 0 is out of order or past the end of the file")) {
      try decode { $0.replaceSubrange(secondRow..<secondRow + 3, with: [0, 0, 0]) }
    }
    let ids = 40 + 7 * 16
    #expect(throws: TokenizedExamplesError.inconsistent("a token id is negative")) { try decode { $0[ids + 3] = 0x80 } }
    let tags = ids + 63 * 8
    #expect(throws: TokenizedExamplesError.inconsistent("the target tag 9 is not known")) {
      try decode { $0[tags] = 9 }
    }
    #expect(throws: TokenizedExamplesError.inconsistent("a truth value is neither 0 nor 1")) {
      try decode { $0[$0.count - 1] = 2 }
    }
  }
}
