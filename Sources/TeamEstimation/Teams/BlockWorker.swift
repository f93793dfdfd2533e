import Encoders
import Estimation
import LinearAlgebra

/// What a rank needs to evaluate the blocks of one task: the encoder, and statistics that add to the team's sums.
final class BlockWorker {
  let estimator: BlockEstimator<Float>
  private let predictions: OwnPredictions?
  private let memory: TeamMemory

  init(_ run: TeamRun, _ task: EstimationTask, _ opened: TaskSource.Opened, slot: Vector<Int64>) throws {
    memory = run.memory
    let statistics = run.plan.emptyStatistics(of: opened.model, run.source.options)
    let place = TaskSums.place(statistics, task, in: slot, of: run.memory)
    estimator = BlockEstimator(
      encoder: Encoder(weights: try opened.model.singlePrecisionWeights()), statistics: statistics,
      expectation: run.plan.sampling.expectation, seed: run.plan.sampling.seed, pieceTokens: run.plan.pieceTokens)
    let predictions = OwnPredictions(of: opened.model, on: opened.examples, in: place)
    self.predictions = predictions
    estimator.seeLogits = { predictions?.note($0, $1) }
  }
}
