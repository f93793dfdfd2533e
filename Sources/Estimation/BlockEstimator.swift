import Parameters
import Datasets
import Encoders
import LinearAlgebra

/// Evaluates blocks: forward past the statistics, the gradients at the logits that an expectation asks for, backward
/// past the statistics.
///
/// Several statistics share one pass over the data. **Not collective.**
package final class BlockEstimator<Scalar: KernelScalar> {
  package let encoder: Encoder<Scalar>
  package let statistics: [any Statistic<Scalar>]
  package let expectation: Expectation
  /// Decides sampled labels and the signs of sketches; nothing else is random.
  package let seed: UInt64
  /// The most tokens that are evaluated at once; nil for whole blocks.
  package let pieceTokens: Int?
  /// Told the outputs of every piece of a block that goes forward, [examples, C]; valid during the call.
  package var seeLogits: ((_ piece: ExampleBlock, _ logits: Matrix<Scalar>) -> Void)?

  /// - Parameter pieceTokens: for blocks that are batches of another program and may be larger than memory allows.
  package init(
    encoder: Encoder<Scalar>, statistics: [any Statistic<Scalar>], expectation: Expectation, seed: UInt64,
    pieceTokens: Int? = nil
  ) {
    self.encoder = encoder
    self.statistics = statistics
    self.expectation = expectation
    self.seed = seed
    self.pieceTokens = pieceTokens
  }

  /// Adds one block to all statistics.
  package func add(_ block: ExampleBlock) throws(EstimationError) {
    for piece in block.pieces(maximumTokens: pieceTokens) {
      for statistic in statistics where statistic.interests.contains(.tokens) { statistic.observeTokens(piece.batch) }
      // Nothing is computed for those who look at the tokens alone.
      guard seeLogits != nil || !statistics.allSatisfy({ $0.interests == .tokens }) else { continue }
      let activations = encoder.forward(piece.batch, observers: statistics)
      seeLogits?(piece, activations.logits)
      if statistics.contains(where: { !$0.interests.isDisjoint(with: .gradients) }) {
        let gradient = try outputGradient(activations.logits, piece)
        encoder.backward(activations, outputGradient: gradient, observers: statistics)
      }
    }
    for statistic in statistics { statistic.finishBlock() }
    for statistic in statistics {
      if let slot = statistic.sums.nonFiniteSlot { throw nonFinite(statistic, slot, block) }
    }
  }

  /// Chooses the units of all statistics' sums from some blocks, without adding them. See
  /// ``FixedPointSums/measure(times:_:)``.
  ///
  /// - Parameter times: how many times as many examples will be summed.
  package func measure(_ blocks: [ExampleBlock], times: Int) throws(EstimationError) {
    try FixedPointSums.measure(statistics.map(\.sums), times: times) { () throws(EstimationError) in
      for block in blocks { try add(block) }
    }
  }

  /// The stacked columns at the logits, [S · examples, C].
  private func outputGradient(_ logits: Matrix<Scalar>, _ block: ExampleBlock) throws(EstimationError) -> Matrix<Scalar>
  {
    let columns = expectation.columns(for: encoder.configuration)
    let gradient = encoder.arena.matrix(columns * logits.rows, logits.columns, of: Scalar.self)
    for example in 0..<logits.rows {
      let outputs = logits.row(example).array.map { Double($0) }
      guard outputs.allSatisfy(\.isFinite) else { throw .nonFiniteOutput(row: block.rows[example]) }
      let factor = try GradientFactor.columns(
        logits: outputs, problem: encoder.configuration.problem, expectation: expectation,
        target: block.targets[example], seed: seed, row: block.rows[example])
      for (column, values) in factor.enumerated() {
        for (output, value) in values.enumerated() {
          gradient[column * logits.rows + example, output] = Scalar(value)
        }
      }
    }
    return gradient
  }

  /// Finds the example that made a sum NaN or infinite, by evaluating them one by one.
  private func nonFinite(_ statistic: any Statistic<Scalar>, _ slot: Int, _ block: ExampleBlock) -> EstimationError {
    let tensor = statistic.sums.slots[slot].name
    let error: EstimationError =
      statistic.interests.isDisjoint(with: .gradients)
      ? .nonFiniteActivation(tensor: tensor, row: block.rows[0])
      : .nonFiniteGradient(tensor: tensor, row: block.rows[0])
    guard block.rows.count > 1 else { return error }
    for index in block.rows.indices {
      for statistic in statistics { statistic.sums.clear() }
      do { try add(block.example(index)) } catch { return error }
    }
    return error
  }
}
