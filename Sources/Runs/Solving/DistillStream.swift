import Encoders
import LinearAlgebra

/// One model's examples on their way through the layers, those of this rank's blocks.
///
/// The rows of the first blocks stay in memory from step to step, as many as fit a budget. Those of the others go all the
/// way from the embeddings again at every step, which gives the same bits and costs time.
final class DistillStream {
  let examples: RankExamples
  /// By block, where they stay.
  private var students: [SteppedRows<Float>] = []
  private var teachers: [SteppedRows<Float>] = []
  /// Of the teachers that have gone on while a step is summed: where they were, in case that it has to be summed again.
  private var before: [SteppedRows<Float>?] = []
  private let steps: [ForwardStep]
  private let arena = Arena()
  /// How many blocks' rows stay.
  let kept: Int

  /// - Parameters:
  ///   - steps: all of the encoder.
  ///   - tokens: how many may stay; nil for all.
  init(_ examples: RankExamples, steps: [ForwardStep], tokens: Int?) {
    self.examples = examples
    self.steps = steps
    var left = tokens ?? .max
    kept =
      examples.blocks.firstIndex {
        left -= $0.batch.segments.rows
        return left < 0
      } ?? examples.blocks.count
  }

  /// How many rows all ranks have at some steps in all.
  func rows(at indices: [Int], _ c: EncoderConfiguration) -> Double {
    indices.reduce(0) { rows, index in
      let step = steps[index]
      let isAbove = step.place == .pooler
      let isFirstRows = step.layer == c.depth - 1 && !c.variant.poolsMean && step.place != .attention
      return rows + Double(isAbove || isFirstRows ? examples.examples : examples.tokens)
    }
  }

  func start(student: EncoderWeights<Float>, teacher: EncoderWeights<Float>) {
    let blocks = examples.blocks[..<kept]
    students = blocks.map { SteppedRows($0.batch, through: student, arena: arena) }
    teachers = blocks.map { SteppedRows($0.batch, through: teacher, arena: arena) }
    before = blocks.map { _ in nil }
  }

  /// Shows a block's rows at a step as the merged model has them and as their own model has them, and what that one's
  /// layers give there, for as long as the call lasts.
  ///
  /// - Parameter moves: whether the teacher's rows go on to the next step.
  func withRows(
    _ block: Int, moves: Bool, student: EncoderWeights<Float>, teacher: EncoderWeights<Float>, at index: Int,
    _ body: (_ own: SteppedRows<Float>, _ rows: SteppedRows<Float>, _ outputs: [Matrix<Float>]) throws -> Void
  ) rethrows {
    let own = block < kept ? students[block] : sent(block, through: student, to: index)
    let rows = self.teacher(block, teacher, at: index)
    let outputs = rows.outputs(teacher, at: steps[index])
    try body(own, rows, outputs)
    guard moves, block < kept else { return rows.finish() }
    before[block] = teachers[block]
    rows.advance(outputs, teacher, at: steps[index])
    teachers[block] = rows
  }

  /// The teacher's rows of a block where the step that is summed finds them, to go where one likes.
  func teacher(_ block: Int, _ weights: EncoderWeights<Float>, at index: Int) -> SteppedRows<Float> {
    block < kept ? (before[block] ?? teachers[block]).copy() : sent(block, through: weights, to: index)
  }

  /// A block's rows, from the embeddings to a step.
  private func sent(_ block: Int, through weights: EncoderWeights<Float>, to index: Int) -> SteppedRows<Float> {
    let rows = SteppedRows(examples.blocks[block].batch, through: weights, arena: arena)
    for step in steps[..<index] { rows.advance(rows.outputs(weights, at: step), weights, at: step) }
    return rows
  }

  /// Ends a step for the teachers' rows: those that have not gone on do so.
  func finishTeachers(_ weights: EncoderWeights<Float>, at index: Int) {
    for block in teachers.indices where before[block] == nil {
      teachers[block].advance(teachers[block].outputs(weights, at: steps[index]), weights, at: steps[index])
    }
    before = teachers.map { _ in nil }
  }

  /// Sends the merged model's rows to the next step.
  func advanceStudents(_ weights: EncoderWeights<Float>, at index: Int) {
    for rows in students { rows.advance(rows.outputs(weights, at: steps[index]), weights, at: steps[index]) }
  }
}
