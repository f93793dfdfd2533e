import Estimation
import Scheduling

/// A task whose sums are complete, on its owner.
package struct TaskResult {
  package let task: EstimationTask
  package let opened: TaskSource.Opened
  package let statistics: [(kind: StatisticKind, statistic: any Statistic<Float>)]
  let blocks: BlockSet
  let seconds: Double

  /// The indices of the examples that were used, in order.
  package var examples: [Int] { blocks.indices.flatMap { opened.blocks[$0] }.sorted() }
}

/// What came of a task, for the root.
package struct TaskDelivery: Codable, Sendable {
  let model: Int
  package let examples: Int
  package let tokens: Int
  let seconds: Double
  package let passes: Int
  /// The tensors whose units did not fit, with better ones; empty where the task is finished.
  var refused: [String] = []
  var exponents: [[Int]] = []
  var settled: [Set<Int>] = []
  /// What is odd about the model's labels.
  var warning: String?
  var blocks = BlockSet()
}
