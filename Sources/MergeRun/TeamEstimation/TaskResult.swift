import Encoders
import Estimation
import Foundation
import LinearAlgebra
import MessagePassing
import Metrics
import Scheduling

/// A task whose sums are complete, on its owner.
struct TaskResult {
  let task: EstimationTask
  let opened: TaskSource.Opened
  let statistics: [(kind: StatisticKind, statistic: any Statistic<Float>)]
  let blocks: BlockSet
  let seconds: Double

  /// The indices of the examples that were used, in order.
  var examples: [Int] { blocks.indices.flatMap { opened.blocks[$0] }.sorted() }
}

/// What came of a task, for the root.
struct TaskDelivery: Codable, Sendable {
  let model: Int
  let examples: Int
  let tokens: Int
  let seconds: Double
  let passes: Int
  /// The tensors whose units did not fit, with better ones; empty where the task is finished.
  var refused: [String] = []
  var exponents: [[Int]] = []
  var settled: [Set<Int>] = []
  /// What is odd about the model's labels.
  var warning: String?
  var blocks = BlockSet()
}
