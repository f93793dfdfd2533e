import Datasets
import Encoders
import Estimation
import LinearAlgebra
import Parameters
import TestSupport
import Testing

@testable import Merging
@testable import MessagePassing
@testable import ModelMerging
@testable import Runs

/// Heads that are solved anew against the objective that they are solved for, from whole forward passes.
@Suite("Heads solved anew")
struct HeadSolvesTests {
  /// What classifiers read, in forward passes.
  private final class Inputs: EncoderObserver {
    typealias Scalar = Float
    let interests: ObserverInterests = .inputs
    private(set) var rows: [[Double]] = []

    func observeInput(_ place: LinearInput, layer: Int?, _ x: Matrix<Float>, _ segments: Segments) {
      guard place == .classifier else { return }
      rows += (0..<x.rows).map { x.row($0).array.map(Double.init) }
    }
  }

  private func values(_ model: StoredModel, _ kind: Parameter.Kind) throws -> [Double] {
    let parameter = try #require(model.parameters.first { $0.component == .classifier && $0.kind == kind })
    let buffer = Buffer<Float>(count: parameter.count)
    try model.tensor(parameter).copy(into: buffer.vector)
    return withExtendedLifetime(buffer) { buffer.vector.array.map(Double.init) }
  }

  @Test(
    "a head has the least distance from its model's logits, with a ridge to its own",
    arguments: ["shallow", "roberta", "distilbert", "electra", "albert", "mpnet", "deberta-v2", "modernbert"])
  func stationary(name: String) throws {
    let scratch = try Scratch()
    let models = try EditedModel.pair(name, in: scratch)
    let examples = [try Reference.tokenized(name, 0..<9), try Reference.tokenized(name, 2..<7)]
    let coefficients = try Coefficients([0.4, 1], models: ["a", "b"])
    let own = try MergedHeads(.keep, of: models, coefficients)
    let weights = try MergedWeights(models: models, heads: own)
    let average = AverageMerge(models, by: coefficients)
    try weights.fill { try average.merge($0, into: $1) }
    let found = try HeadSolves(
      communicator: Communicator(), plan: RegMeanMergeTests.plan(models), models: models
    ).run(weights, examples: HeldExamples(Communicator(), root: examples))
    #expect(found.values.count == 2 && found.reports.count == 2)

    for (task, (model, examples)) in zip(models, examples).enumerated() {
      let batch = ExampleBlock(Array(0..<examples.count), of: examples).batch
      let inputs = Inputs()
      _ = try weights.encoder(task: task).forward(batch, observers: [inputs])
      let teacher = Encoder(weights: try model.singlePrecisionWeights())
      let logits = teacher.forward(batch).logits
      let targets = withExtendedLifetime(teacher) {
        (0..<logits.rows).map { logits.row($0).array.map(Double.init) }
      }
      let (before, bias) = (try values(model, .weight), try values(model, .bias))
      let solved = found.values[task]
      let weight = try #require(solved.first { $0.key.hasSuffix("weight") }).value.vector.array.map(Double.init)
      let shift = try #require(solved.first { $0.key.hasSuffix("bias") }).value.vector.array.map(Double.init)
      #expect(solved.count == 2)
      let (rows, n) = (inputs.rows.map { $0 + [1] }, inputs.rows[0].count + 1)
      #expect(rows.count == examples.count)
      let ridge = 0.01 * rows.joined().reduce(0) { $0 + $1 * $1 } / Double(n)
      for output in 0..<model.configuration.outputs {
        let w = Array(weight[output * (n - 1)..<(output + 1) * (n - 1)]) + [shift[output]]
        let old = Array(before[output * (n - 1)..<(output + 1) * (n - 1)]) + [bias[output]]
        #expect(w != old)
        for i in 0..<n {
          var (gradient, size) = (ridge * (w[i] - old[i]), abs(ridge * old[i]))
          for (row, x) in rows.enumerated() {
            let target = targets[row][output]
            let left = zip(w, x).reduce(-target) { $0 + $1.0 * $1.1 }
            gradient += left * x[i]
            size += abs(target * x[i])
          }
          // The solution is rounded to single precision.
          #expect(abs(gradient) < 1e-5 * size, "\(name), \(output), \(i): \(gradient / size)")
        }
      }
    }
  }
}
