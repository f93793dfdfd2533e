import Datasets
import Scheduling

/// The sizes of an encoder on which cost depends.
package struct EncoderShape: Sendable, Codable, Equatable {
  package let name: String
  package let layers, hidden, intermediate, heads, vocabulary, positions: Int

  package static let base = EncoderShape(
    name: "BERT-base", layers: 12, hidden: 768, intermediate: 3072, heads: 12, vocabulary: 30522, positions: 512)
  package static let large = EncoderShape(
    name: "BERT-large", layers: 24, hidden: 1024, intermediate: 4096, heads: 16, vocabulary: 30522, positions: 512)

  /// Two classes; embeddings, layers, pooler, classifier.
  package var parameters: Int {
    let (d, i) = (hidden, intermediate)
    let layer = 4 * (d * d + d) + 2 * d * i + i + d + 4 * d
    return (vocabulary + positions + 2) * d + 2 * d + layers * layer + d * d + d + 2 * d + 2
  }

  /// The model file, F32.
  package var weightBytes: Double { 4 * Double(parameters) }

  /// Floating-point operations of one forward pass; the last layer needs K and V for all tokens and the rest for one
  /// row per example (as `Forecast` counts them).
  func forward(tokens: Double, examples: Double, squaredLengths: Double) -> Double {
    Double(layers - 1) * wholeLayer(tokens: tokens, squaredLengths: squaredLengths)
      + tokens * 4 * Double(hidden * hidden) + examples * perToken
  }

  private var perToken: Double { Double(2 * (4 * hidden * hidden + 2 * hidden * intermediate)) }

  func wholeLayer(tokens: Double, squaredLengths: Double) -> Double {
    tokens * perToken + 4 * squaredLengths * Double(hidden)
  }
}

/// A statistic, as far as its cost is concerned.
package enum StatisticKind: String, Sendable, Codable, CaseIterable {
  case maskFisher = "mask Fisher"
  case fisher = "full Fisher"
  case gram = "Gram matrices"

  /// The 64-bit sums of one task.
  package func entries(_ shape: EncoderShape) -> Int {
    switch self {
    // First and second moments.
    case .maskFisher: return 2 * shape.layers * (shape.heads + shape.intermediate)
    case .fisher: return shape.parameters
    case .gram:
      func triangle(_ n: Int) -> Int { n * (n + 1) / 2 }
      return shape.layers * (3 * triangle(shape.hidden) + triangle(shape.intermediate)) + triangle(shape.hidden)
    }
  }

  package func bytes(_ shape: EncoderShape) -> Double { 8 * Double(entries(shape)) }

  /// Floating-point operations of some examples with two classes.
  package func operations(_ shape: EncoderShape, lengths: [Int]) -> Double {
    let tokens = Double(lengths.reduce(0, +))
    let squares = Double(lengths.reduce(0) { $0 + $1 * $1 })
    let forward = shape.forward(tokens: tokens, examples: Double(lengths.count), squaredLengths: squares)
    switch self {
    case .maskFisher: return 2 * forward
    case .fisher: return 3 * forward
    case .gram:
      // Upper tiles of XᵀX; a tile has 256 rows.
      func product(_ n: Int) -> Double {
        stride(from: 0, to: n, by: 256).reduce(0) { $0 + 2 * Double(min(256, n - $1)) * Double(n - $1) }
      }
      let layer = 3 * product(shape.hidden) + product(shape.intermediate)
      return forward + shape.wholeLayer(tokens: tokens, squaredLengths: squares)
        + tokens * Double(shape.layers) * layer + Double(lengths.count) * product(shape.hidden)
    }
  }
}

/// What is to be estimated: tasks with their blocks, in floating-point operations.
package struct Workload: Sendable {
  package let shape: EncoderShape
  package let statistic: StatisticKind
  package let tasks: [EstimationSchedule.Work]
  /// Operations of the examples that are measured first, by task.
  package let measured: [[Double]]
  package let tokens: Int

  /// Tasks that take the given texts in turn.
  ///
  /// - Parameters:
  ///   - examples: per task.
  ///   - blockTokens: tokens of a block at most (`Plan.blockTokens`).
  package init(
    shape: EncoderShape, statistic: StatisticKind, tasks count: Int, examples: Int,
    texts: [TextLengths] = TextLengths.measured, blockTokens: Int = 512, seed: UInt64 = 1
  ) {
    self.shape = shape
    self.statistic = statistic
    var random = RandomNumbers(seed: seed)
    var tasks: [EstimationSchedule.Work] = []
    var measured: [[Double]] = []
    var tokens = 0
    for task in 0..<count {
      let text = texts[task % texts.count]
      let lengths = (0..<examples).map { _ in text.draw(&random) }
      tokens += lengths.reduce(0, +)
      let plan = BlockPlan(
        lengths: lengths, rowIndices: Array(lengths.indices), maximumTokens: blockTokens, maximumExamples: 64)
      tasks.append(
        .init(
          blocks: plan.blocks.map { block in
            (block.index, statistic.operations(shape, lengths: block.examples.map { lengths[$0] }))
          }))
      let order = plan.blocks.flatMap(\.examples)
      let chosen = min(8, order.count)
      measured.append(
        (0..<chosen).map {
          statistic.operations(shape, lengths: [lengths[order[(2 * $0 + 1) * order.count / (2 * chosen)]]])
        })
    }
    (self.tasks, self.measured, self.tokens) = (tasks, measured, tokens)
  }

  package var operations: Double { tasks.reduce(0) { $0 + $1.total } }
  package var blocks: Int { tasks.reduce(0) { $0 + $1.blocks.count } }
  package var sumBytes: Double { statistic.bytes(shape) }
}
