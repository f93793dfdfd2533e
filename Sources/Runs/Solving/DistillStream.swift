import Datasets
import Encoders
import Estimation
import LinearAlgebra
import MessagePassing
import Planning

/// One model's examples on their way through the layers, those of this rank's blocks.
final class DistillStream {
  private let blocks: [ExampleBlock]
  /// This rank's own.
  let ownBlocks: Range<Int>
  /// On the root: the examples that tell the magnitudes from which units are chosen.
  let measuredBlocks: Range<Int>
  private let examples, tokens: Int
  /// How many times the measured examples go into all.
  let times: Int
  /// The rows of each block as the merged model has them, and as their own model has them.
  private(set) var students: [SteppedRows<Float>] = []
  private var teachers: [SteppedRows<Float>] = []
  /// Of the teachers that have gone on while a step is summed: where they were, in case that it has to be summed again.
  private var before: [SteppedRows<Float>?] = []
  private let arena = Arena()

  /// Gives a model's examples to all ranks and takes this rank's blocks. **Collective.**
  init(_ rootExamples: TokenizedExamples?, _ communicator: Communicator, _ model: Int) throws {
    let received = try communicator.broadcast(rootExamples?.bytes ?? [])
    let examples = try communicator.agree(in: "sharing the examples") {
      try rootExamples ?? TokenizedExamples(decoding: received)
    }
    let all = BlockPlan(examples, maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples).blocks
    let own = all.filter { ($0.index + model) % communicator.size == communicator.rank }.map {
      ExampleBlock($0, of: examples)
    }
    let measured = communicator.isRoot ? Plan.measuredBlocks(of: examples, in: all.map(\.examples)) : []
    let count = max(1, measured.reduce(0) { $0 + $1.rows.count })
    blocks = own + measured
    ownBlocks = 0..<own.count
    measuredBlocks = own.count..<own.count + measured.count
    self.examples = examples.count
    tokens = examples.tokenCount
    times = (examples.count + count - 1) / count
  }

  /// How many rows all ranks have at some steps in all.
  func rows(at indices: [Int], of steps: [ForwardStep], _ c: EncoderConfiguration) -> Double {
    indices.reduce(0) { rows, index in
      let step = steps[index]
      let isAbove = step.place == .pooler
      let isFirstRows = step.layer == c.depth - 1 && !c.variant.poolsMean && step.place != .attention
      return rows + Double(isAbove || isFirstRows ? examples : tokens)
    }
  }

  func start(student: EncoderWeights<Float>, teacher: EncoderWeights<Float>) {
    students = blocks.map { SteppedRows($0.batch, through: student, arena: arena) }
    teachers = blocks.map { SteppedRows($0.batch, through: teacher, arena: arena) }
    before = blocks.map { _ in nil }
  }

  /// Shows a block's rows at a step and what the teacher's layers give there, for as long as the call lasts.
  ///
  /// - Parameter moves: whether the teacher's rows go on to the next step.
  func withTeacher(
    _ block: Int, moves: Bool, _ weights: EncoderWeights<Float>, at step: ForwardStep,
    _ body: (_ rows: SteppedRows<Float>, _ outputs: [Matrix<Float>]) throws -> Void
  ) rethrows {
    let rows = (before[block] ?? teachers[block]).copy()
    let outputs = rows.outputs(weights, at: step)
    try body(rows, outputs)
    guard moves else { return rows.finish() }
    before[block] = teachers[block]
    rows.advance(outputs, weights, at: step)
    teachers[block] = rows
  }

  /// The teacher's rows of a block where the step that is summed finds them.
  func teacher(_ block: Int) -> SteppedRows<Float> { before[block] ?? teachers[block] }

  /// Ends a step for the teachers' rows: those that have not gone on do so.
  func finishTeachers(_ weights: EncoderWeights<Float>, at step: ForwardStep) {
    for block in blocks.indices where before[block] == nil {
      teachers[block].advance(teachers[block].outputs(weights, at: step), weights, at: step)
    }
    before = blocks.map { _ in nil }
  }

  /// Sends the merged model's rows to the next step.
  func advanceStudents(_ weights: EncoderWeights<Float>, at step: ForwardStep) {
    for rows in students { rows.advance(rows.outputs(weights, at: step), weights, at: step) }
  }
}
