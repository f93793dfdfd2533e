import Checkpoints
import Datasets
import Encoders
import Estimation
import Foundation
import SystemPackage

/// Random token sequences with the lengths that sentences have, the same for the same seed.
///
/// Lengths are log-logistic, P(length < x) = 1 / (1 + (26 / x)^3.2), rounded and clipped to 8 ... 128: mean about 30,
/// as short texts of classification tasks have in BERT's vocabulary. There is one in the middle of each of as many
/// equal parts of the distribution as there are examples, so that a few dozen already have its mean and its tail. The
/// seed decides their order and the tokens.
package struct SyntheticExamples: Sendable {
  /// Token ids of each example, special tokens included.
  package let ids: [[Int32]]

  package static let shortest = 8
  package static let longest = 128

  package init(count: Int, vocabulary: Int, seed: UInt64 = 1) {
    var random = SplitMix64(seed: seed)
    let words = Int32(SyntheticTokenizer.special.count)..<Int32(vocabulary)
    ids = Self.lengths(count: count).shuffled(using: &random).map { length in
      [SyntheticTokenizer.classification] + (0..<length - 2).map { _ in Int32.random(in: words, using: &random) }
        + [SyntheticTokenizer.separator]
    }
  }

  /// Examples of given lengths.
  package init(lengths: [Int], vocabulary: Int, seed: UInt64 = 1) {
    var random = SplitMix64(seed: seed)
    let words = Int32(SyntheticTokenizer.special.count)..<Int32(vocabulary)
    ids = lengths.map { length in (0..<length).map { _ in Int32.random(in: words, using: &random) } }
  }

  private init(ids: [[Int32]]) { self.ids = ids }

  /// The lengths of so many examples, shortest first.
  package static func lengths(count: Int) -> [Int] {
    (0..<count).map { length(at: (Double($0) + 0.5) / Double(count)) }
  }

  /// The length below which a fraction `u` of all examples are.
  static func length(at u: Double) -> Int {
    let length = 26 * pow(u / (1 - u), 1 / 3.2)
    return min(max(Int(length.rounded()), shortest), longest)
  }

  package var count: Int { ids.count }
  package var lengths: [Int] { ids.map(\.count) }
  package var tokens: Int { lengths.reduce(0, +) }
  package func first(_ count: Int) -> SyntheticExamples { SyntheticExamples(ids: Array(ids.prefix(count))) }

  /// The examples in blocks of at most so many tokens and examples, longest first.
  package func blocks(maximumTokens: Int, maximumExamples: Int) -> [ExampleBlock] {
    BlockPlan(
      lengths: lengths, rowIndices: Array(ids.indices), maximumTokens: maximumTokens, maximumExamples: maximumExamples
    ).blocks.map { block in
      let tokens = block.examples.flatMap { ids[$0] }
      let offsets = block.examples.reduce(into: [0]) { $0.append($0[$0.count - 1] + ids[$1].count) }
      return ExampleBlock(
        batch: TokenBatch(
          tokens: tokens, types: Array(repeating: 0, count: tokens.count), segments: Segments(offsets: offsets)),
        rows: block.examples, targets: block.examples.map { .label($0 % 2) })
    }
  }

  /// Writes the examples as text that the tokenizer of a ``SyntheticModel`` turns into these ids.
  package func writeText(to path: FilePath) throws {
    let rows = ids.enumerated().map { index, ids in
      let words = ids.dropFirst().dropLast().map(SyntheticTokenizer.word).joined(separator: " ")
      return #"{"sentence": "\#(words)", "label": \#(index % 2)}"#
    }
    try SyntheticModel.text(rows.joined(separator: "\n"), path)
  }

  /// Writes the ids: `{"examples": [[…], …]}`.
  package func writeIDs(to path: FilePath) throws {
    let json: JSON = ["examples": .array(ids.map { .array($0.map { .integer(Int($0)) }) })]
    try SyntheticModel.text(json.serialized(indentation: nil), path)
  }
}
