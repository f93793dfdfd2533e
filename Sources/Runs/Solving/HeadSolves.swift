import Encoders
import Estimation
import LinearAlgebra
import Merging
import MessagePassing
import ModelMerging
import Parameters
import Planning

/// The classifiers of all tasks, solved anew for a merged encoder: `heads: resolve`.
///
/// Every rank sums XᵀX and ZᵀX over its examples of all tasks: X are the classifier's inputs in the merged model, with a
/// last column of ones where it has a bias, Z the logits of the task's own model. The root solves.
struct HeadSolves {
  let communicator: Communicator
  let plan: Plan
  /// The same files on every rank.
  let models: [StoredModel]

  /// What was solved, in the order of the models.
  struct Solution {
    /// By name.
    var values: [[String: Buffer<Float>]] = []
    var reports: [SolveReport] = []
  }

  /// Solves for all tasks; the same on all ranks, but for the reports, which are the root's.
  ///
  /// - Parameters:
  ///   - merged: the merged encoder, the same on all ranks, with each task's own head.
  ///   - progress: called for every model with the number of examples that this rank has just done.
  ///
  /// **Collective.**
  func run(
    _ merged: MergedWeights, examples: HeldExamples, progress: (Int) -> Void = { _ in }
  ) throws -> Solution {
    var solution = Solution()
    for (index, model) in models.enumerated() {
      let own = try RankExamples(index, of: examples)
      let (student, teacher) = try communicator.agree(in: "reading the heads") {
        (try merged.encoder(task: index), Encoder(weights: try model.singlePrecisionWeights()))
      }
      let sums = ClassifierSums(model)
      func add(_ blocks: Range<Int>, progress: (Int) -> Void = { _ in }) throws {
        for block in own.blocks[blocks] {
          sums.add(student.forward(block.batch).features, teacher.forward(block.batch).logits)
          if sums.sums.nonFiniteSlot != nil {
            throw RunError.nonFiniteActivations(
              file: plan.models[index].data?.file ?? "", model: plan.models[index].name, place: sums.weight.name,
              rows: block.rows)
          }
          progress(block.rows.count)
        }
      }
      _ = try CollectiveSums(communicator: communicator, sums: [sums.sums]).estimate(
        times: own.times, samples: [.init(rank: own.owner) { try add(own.measured) }],
        evaluate: { _ in try communicator.agree(in: "solving the heads") { try add(own.own, progress: progress) } })
      let values = [sums.weight, sums.bias].compactMap { $0 }.map { ($0.name, Buffer<Float>(count: $0.count)) }
      let report = try communicator.agreeOnRoot(in: "solving the heads") {
        try sums.solve(model, into: values.map(\.1))
      }
      for (_, buffer) in values { try communicator.broadcast(buffer.vector.buffer) }
      solution.values.append(Dictionary(uniqueKeysWithValues: values))
      if let report { solution.reports.append(report) }
    }
    return solution
  }
}

/// What one classifier is solved from: XᵀX and ZᵀX over examples.
private final class ClassifierSums {
  let weight: Parameter
  let bias: Parameter?
  let sums: FixedPointSums
  /// n, the inputs and one more for the bias.
  private let unknowns: Int
  private let scratch = Arena()

  init(_ model: StoredModel) {
    let own = model.parameters.filter { $0.role.input == .classifier }
    guard let weight = own.first(where: { $0.kind == .weight }) else { preconditionFailure("a model with a head") }
    self.weight = weight
    bias = own.first { $0.kind == .bias }
    unknowns = weight.shape[1] + (bias == nil ? 0 : 1)
    sums = FixedPointSums(tensors: [
      StatisticTensor("inputs of \(weight.name)", [PackedTriangle(order: unknowns).count]),
      StatisticTensor("targets of \(weight.name)", [weight.shape[0], unknowns]),
    ])
  }

  /// Adds the examples of one block: features [examples, D], logits [examples, C].
  func add(_ features: Matrix<Float>, _ logits: Matrix<Float>) {
    scratch.reset()
    let x = unknowns > features.columns ? features.withOnes(in: scratch) : features
    let (panels, offsets) = (Panels(x, in: scratch), Segments.single(features.rows).offsets)
    sums.addGram(panels, of: offsets, to: 0, scratch: scratch)
    sums.addProducts(Panels(logits, in: scratch), panels, of: offsets, to: 1, scratch: scratch)
  }

  /// Solves from the reduced sums; gives the weight and the bias, in this order. On the root.
  func solve(_ model: StoredModel, into values: [Buffer<Float>]) throws -> SolveReport {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let memory = Buffer<Double>(count: (unknowns + 2 * outputs) * unknowns)
    let gram = memory.vector[0..<unknowns * unknowns].matrix(rows: unknowns, columns: unknowns)
    let rest = memory.vector[unknowns * unknowns..<memory.count]
    let products = rest[0..<outputs * unknowns].matrix(rows: outputs, columns: unknowns)
    let own = rest[outputs * unknowns..<rest.count].matrix(rows: outputs, columns: unknowns)
    let layout = PackedTriangle(order: unknowns)
    for row in 0..<unknowns { sums.read(0, layout.range(ofRow: row), into: gram.row(row)[row..<unknowns]) }
    sums.read(1, into: products.elements)
    for (parameter, buffer) in zip([weight, bias].compactMap { $0 }, values) {
      try model.tensor(parameter).copy(into: buffer.vector)
    }
    for output in 0..<outputs {
      widen(values[0].vector[output * inputs..<(output + 1) * inputs], into: own.row(output)[0..<inputs])
      if bias != nil { own[output, inputs] = Double(values[1].vector[output]) }
    }
    let report = try ClassifierSystem(gram: gram, products: products).solve(own: own, tensor: weight.name)
    for output in 0..<outputs {
      narrow(products.row(output)[0..<inputs], into: values[0].vector[output * inputs..<(output + 1) * inputs])
      if bias != nil { values[1].vector[output] = Float(products[output, inputs]) }
    }
    return withExtendedLifetime(memory) { report }
  }
}
