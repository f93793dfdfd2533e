import Encoders
import LinearAlgebra

/// One model's examples on their way through the layers, those of this rank's blocks.
final class DistillStream {
  let examples: RankExamples
  /// The rows of each block as the merged model has them, and as their own model has them.
  private(set) var students: [SteppedRows<Float>] = []
  private var teachers: [SteppedRows<Float>] = []
  /// Of the teachers that have gone on while a step is summed: where they were, in case that it has to be summed again.
  private var before: [SteppedRows<Float>?] = []
  private let arena = Arena()

  init(_ examples: RankExamples) { self.examples = examples }

  /// How many rows all ranks have at some steps in all.
  func rows(at indices: [Int], of steps: [ForwardStep], _ c: EncoderConfiguration) -> Double {
    indices.reduce(0) { rows, index in
      let step = steps[index]
      let isAbove = step.place == .pooler
      let isFirstRows = step.layer == c.depth - 1 && !c.variant.poolsMean && step.place != .attention
      return rows + Double(isAbove || isFirstRows ? examples.examples : examples.tokens)
    }
  }

  func start(student: EncoderWeights<Float>, teacher: EncoderWeights<Float>) {
    students = examples.blocks.map { SteppedRows($0.batch, through: student, arena: arena) }
    teachers = examples.blocks.map { SteppedRows($0.batch, through: teacher, arena: arena) }
    before = examples.blocks.map { _ in nil }
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
    for block in examples.blocks.indices where before[block] == nil {
      teachers[block].advance(teachers[block].outputs(weights, at: step), weights, at: step)
    }
    before = examples.blocks.map { _ in nil }
  }

  /// Sends the merged model's rows to the next step.
  func advanceStudents(_ weights: EncoderWeights<Float>, at step: ForwardStep) {
    for rows in students { rows.advance(rows.outputs(weights, at: step), weights, at: step) }
  }
}
