import Datasets
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import Parameters
import TestSupport
import Testing

/// The definition: each example's gradient of every row of the word embeddings, ⟨E[v], ∇E[v]⟩, squared and added.
private final class NaiveTokenFisher: Statistic {
  let interests: ObserverInterests = .parameters
  let sums = FixedPointSums(tensors: [])
  let words: Matrix<Double>
  /// f of every example, [vocabulary] each.
  var examples: [[Double]] = []

  init(words: Matrix<Double>) { self.words = words }

  func observeEmbeddings(_ tables: [TableRows], gradient: Matrix<Double>, _ segments: Segments) {
    guard let table = tables.first(where: { $0.component == .wordEmbeddings }) else { return }
    for example in 0..<segments.count {
      var fisher = [Double](repeating: 0, count: words.rows)
      for base in stride(from: 0, to: gradient.rows, by: segments.rows) {
        for word in 0..<words.rows {
          var ofRow = [Double](repeating: 0, count: words.columns)
          for token in segments[example] where Int(table.rows[token]) == word {
            for column in 0..<words.columns { ofRow[column] += gradient[base + token, column] }
          }
          let ofMask = (0..<words.columns).reduce(0) { $0 + words[word, $1] * ofRow[$1] }
          fisher[word] += ofMask * ofMask
        }
      }
      examples.append(fisher)
    }
  }

  func finishBlock() {}
}

@Suite("The Fisher of tokens' masks")
struct TokenFisherTests {
  private static func block(_ batch: TokenBatch) -> ExampleBlock {
    let count = batch.segments.count
    return ExampleBlock(batch: batch, rows: Array(0..<count), targets: Array(repeating: .none, count: count))
  }

  private func estimate(
    _ model: RandomModel<Double>, with others: [any Statistic<Double>], pieceTokens: Int? = nil
  ) throws -> FixedPointSums {
    let fisher = TokenFisher<Double>(configuration: model.configuration)
    let block = Self.block(RandomModel<Double>.batch)
    let encoder = Encoder(weights: model.weights)
    try BlockEstimator(encoder: encoder, statistics: [fisher], expectation: .expected, seed: 0)
      .measure([block], times: 1)
    try BlockEstimator(
      encoder: encoder, statistics: [fisher] + others, expectation: .expected, seed: 0, pieceTokens: pieceTokens
    ).add(block)
    return fisher.sums
  }

  @Test(
    "sums, trace and second moment are those of the definition in double precision, alone or beside a full Fisher",
    arguments: [
      "bert", "roberta", "distilbert", "electra", "albert", "albert/one group", "mpnet", "deberta-v2", "deberta-v2/c2p",
      "deberta-v2/one layer", "modernbert", "modernbert/mean",
    ])
  func oracle(family: String) throws {
    let model = RandomModel<Double>(RandomModel<Double>.small(family), seed: 8)
    let c = model.configuration
    let table = try #require(model.parameters.first { $0.component == .wordEmbeddings })
    let words = try #require(model.buffers[table]).vector.matrix(rows: c.vocabulary, columns: table.shape[1])
    let naive = NaiveTokenFisher(words: words)
    let beside = try estimate(model, with: [naive])
    let alone = try estimate(model, with: [])
    let inPieces = try estimate(model, with: [], pieceTokens: 6)
    try withExtendedLifetime(model) {
      let expected = (0..<c.vocabulary).map { word in naive.examples.reduce(0) { $0 + $1[word] } }
      let largest = try #require(expected.max())
      let traces = naive.examples.map { $0.reduce(0, +) }
      #expect(largest > 0 && expected.contains(0))
      for sums in [alone, beside, inPieces] {
        #expect(sums.slots.map(\.name) == ["token_mask", "token_mask.trace", "token_mask.second_moment"])
        for (found, expected) in zip(sums.values(0), expected) {
          #expect(abs(found - expected) <= 1e-9 * largest && (found == 0) == (expected == 0))
        }
        let (trace, moment) = (traces.reduce(0, +), traces.reduce(0) { $0 + $1 * $1 })
        #expect(abs(sums.values(1)[0] - trace) <= 1e-9 * trace)
        #expect(abs(sums.values(2)[0] - moment) <= 1e-5 * moment)
      }
    }
  }

  @Test("a mask of one token scales its row at every place: the difference quotient of the outputs")
  func quotient() throws {
    let model = RandomModel<Double>(RandomModel<Double>.small, seed: 11)
    let table = try #require(model.parameters.first { $0.component == .wordEmbeddings })
    let buffer = try #require(model.buffers[table])
    // One example with a repeated token, and one sampled label, so that one gradient is squared.
    let batch = TokenBatch(tokens: [3, 7, 3, 5], types: [0, 0, 0, 0], segments: Segments(offsets: [0, 4]))
    let block = ExampleBlock(batch: batch, rows: [0], targets: [.label(1)])
    let encoder = Encoder(weights: model.weights)
    let fisher = TokenFisher<Double>(configuration: model.configuration)
    let estimator = BlockEstimator(encoder: encoder, statistics: [fisher], expectation: .empirical, seed: 0)
    try estimator.measure([block], times: 1)
    try estimator.add(block)
    func logLikelihood() -> Double {
      let z = encoder.forward(batch, observers: []).logits.row(0).array
      let largest = z.max() ?? 0
      return z[1] - largest - Foundation.log(z.reduce(0) { $0 + Foundation.exp($1 - largest) })
    }
    for (token, found) in zip([3, 5, 7, 9], [3, 5, 7, 9].map { fisher.sums.values(0)[$0] }) {
      let row = buffer.vector[token * table.shape[1]..<(token + 1) * table.shape[1]]
      let before = row.array
      var ends: [Double] = []
      for mask in [1 + 1e-5, 1 - 1e-5] {
        for column in before.indices { row[column] = before[column] * mask }
        ends.append(logLikelihood())
      }
      for column in before.indices { row[column] = before[column] }
      let gradient = (ends[0] - ends[1]) / 2e-5
      #expect(abs(found - gradient * gradient) <= 1e-6 * max(found, 1e-3), "token \(token)")
    }
  }
}
