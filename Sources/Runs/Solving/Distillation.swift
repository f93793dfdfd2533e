import Encoders
import Estimation
import LinearAlgebra
import Merging
import MessagePassing
import ModelMerging
import Parameters
import Planning
import StatisticsFiles
import TeamEstimation
import Terminal

/// Closed-form distillation: linear layers are solved in forward order, each on what the merged layers below give,
/// towards the models' own outputs.
///
/// Tables first; then, step by step, every rank sums XᵀX and YᵀX over its rows of all models, the root solves the step's
/// layers, all get them, and all rows go through them to the next step. A row travels twice: as the merged model has it
/// (the student's) and as its own model has it (the teacher's). Each rank keeps both for its own rows, at one step, as far as
/// they fit a budget (``DistillStream``).
final class Distillation {
  let communicator: Communicator
  private let plan: Plan
  let rule: DistillRule
  let coefficients: Coefficients
  let models: [StoredModel]
  /// On the root, where a metric is wanted.
  var metrics: DistillMetrics?
  private(set) var streams: [DistillStream] = []
  let merged: MergedSoFar
  /// What is kept after every step; nil where nothing is.
  private let checkpoints: SolvedSteps?
  /// What this rank's rows may take in memory; nil where that does not matter.
  private let activationBytes: Int?
  var solution = SolvedLayers()

  /// - Parameters:
  ///   - models: the same files on every rank.
  ///   - statistics: on the root, of every model; empty where the metric is the identity.
  ///   - activationBytes: what the rows of a rank may take in memory; nil for all of them.
  init(
    communicator: Communicator, plan: Plan, rule: DistillRule, coefficients: Coefficients, models: [StoredModel],
    statistics: [any StatisticReader], checkpoints: SolvedSteps? = nil, activationBytes: Int? = nil
  ) {
    self.activationBytes = activationBytes
    self.checkpoints = checkpoints
    self.communicator = communicator
    self.plan = plan
    self.rule = rule
    self.coefficients = coefficients
    self.models = models
    metrics = statistics.isEmpty ? nil : DistillMetrics(rule, statistics)
    merged = MergedSoFar(models: models, coefficients: coefficients, communicator: communicator)
  }

  private var configuration: EncoderConfiguration { models[0].configuration }
  private var parameters: [Parameter] { models[0].mergedParameters }

  /// Merges all layers; the solution is the root's, nil elsewhere.
  ///
  /// - Parameter progress: of as many steps as the encoder has.
  ///
  /// **Collective.**
  func run(examples: HeldExamples, progress: PhaseProgress? = nil) throws -> SolvedLayers? {
    checkpoints?.begin()
    let steps = try encoder(0).steps
    var tokens = activationBytes.map { $0 / SolveForecast.distilledBytesPerToken(configuration) }
    for index in models.indices {
      let stream = DistillStream(try RankExamples(index, of: examples), steps: steps, tokens: tokens)
      tokens = tokens.map { $0 - stream.examples.blocks[..<stream.kept].reduce(0) { $0 + $1.batch.segments.rows } }
      streams.append(stream)
    }
    let groups = steps.map { DistillGroup.all(at: $0, parameters, rule: rule) }
    let solved = Set(groups.joined().flatMap(\.layers).flatMap { [$0.weight, $0.bias].compactMap(\.self?.name) })
    try mergeTables(examples)
    let tables = Set(parameters.summedTables.map(\.name))
    try merged.average(parameters.filter { !solved.contains($0.name) && !tables.contains($0.name) })
    try start()

    var known: Set<String> = []
    for index in steps.indices {
      // What layers share is solved at their first use.
      let names = Set(groups[index].flatMap(\.layers).map(\.weight.name))
      if known.isDisjoint(with: names) {
        known.formUnion(names)
        try solve(groups[index], at: index, of: steps)
      } else {
        try advance(at: index)
      }
      progress?.advance(by: 1)
    }
    checkpoints?.end()
    return communicator.isRoot ? solution : nil
  }

  /// How many steps a model of this layout has.
  static func steps(_ layout: ModelLayout) -> Int {
    2 * 2 * layout.configuration.depth + layout.gramSites().filter { $0.layer == nil }.count
  }

  // MARK: Before the layers

  private func mergeTables(_ examples: HeldExamples) throws {
    let site = OutputSite.all(of: parameters).first { $0.component == nil }
    let counts = try examples.tokenCounts(models: models.indices, vocabulary: configuration.vocabulary)
    let tables = try communicator.agreeOnRoot(counts, in: "merging the embeddings") { counts in
      DistilledTables(
        models: models, coefficients: coefficients, counts: counts,
        metric: try site.flatMap { try metrics?.metric(at: $0) })
    }
    for parameter in parameters.summedTables {
      let values = try merged.share(parameter) { target in try tables?.merge(parameter, into: target) }
      if communicator.isRoot { solution.values[parameter.name] = values }
    }
  }

  /// Sends all rows to the first step.
  private func start() throws {
    try communicator.agree(in: "running the embeddings") {
      let student = try merged.weights()
      for (index, stream) in streams.enumerated() { stream.start(student: student, teacher: try encoder(index)) }
    }
  }

  /// A model's own weights. Where they are mapped as they are computed with, that costs no memory.
  private func encoder(_ model: Int) throws -> EncoderWeights<Float> {
    if let kept = teachers[model] { return kept }
    let weights = try models[model].singlePrecisionWeights()
    if models[model].convertedBytes == 0 { teachers[model] = weights }
    return weights
  }
  private var teachers: [Int: EncoderWeights<Float>] = [:]

  // MARK: A step

  /// Sends all rows past a step whose layers are known. **Collective.**
  private func advance(at index: Int) throws {
    try communicator.agree(in: "running a layer") {
      let student = try merged.weights()
      for (model, stream) in streams.enumerated() {
        stream.finishTeachers(try encoder(model), at: index)
        stream.advanceStudents(student, at: index)
      }
    }
  }

  private func solve(_ groups: [DistillGroup], at index: Int, of steps: [ForwardStep]) throws {
    let solved = groups.flatMap(\.layers)
    let parameters = solved.flatMap { [$0.weight, $0.bias].compactMap(\.self) }.reduce(into: [Parameter]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    if try resume(at: index, parameters) { return try advance(at: index) }
    let metrics = try metrics(of: groups)
    let later = laterUses(of: index, steps)
    let sums = DistillSums(
      groups: groups, metrics: metrics,
      weights: streams.enumerated().map { model, stream in
        coefficients.values[model] / stream.rows(at: [index] + later, configuration)
      })
    // Layers are dealt out over the ranks, which then need the sums.
    _ = try CollectiveSums(communicator: communicator, sums: [sums.sums], isForAll: solved.count > 1).estimate(
      times: streams.map(\.examples.times).max() ?? 1,
      samples: models.indices.map { model in
        .init(rank: streams[model].examples.owner) { [self] in
          try add(model, to: sums, at: index, later, of: steps, measures: true, moves: false)
        }
      },
      evaluate: { pass in
        try communicator.agree(in: "running a layer") {
          for model in models.indices {
            try add(model, to: sums, at: index, later, of: steps, measures: false, moves: pass == 1)
          }
        }
      })
    try solve(groups, sums, metrics, rows: streams.map { $0.rows(at: [index] + later, configuration) })
    if communicator.isRoot {
      let count = solved.count
      checkpoints?.keep(
        index, parameters.compactMap { parameter in solution.values[parameter.name].map { (parameter, $0) } },
        Array(solution.reports.suffix(count)))
    }
    try advance(at: index)
    try checkpoints?.leaveIfStopped()
  }

  /// Takes a step's layers from an earlier run. **Collective.**
  ///
  /// - Returns: false where none has solved it.
  private func resume(at index: Int, _ parameters: [Parameter]) throws -> Bool {
    guard let checkpoints else { return false }
    let found =
      try communicator.agreeOnRoot(in: "reading checkpoints") { try checkpoints.found(index, parameters) } ?? nil
    guard try communicator.broadcast(Int64(found == nil ? 0 : 1)) == 1 else { return false }
    for parameter in parameters {
      let values = try merged.share(parameter) { target in
        guard let values = found?.values[parameter.name] else { preconditionFailure("a file has all of a step") }
        copy(values.vector, to: target)
      }
      if communicator.isRoot { solution.values[parameter.name] = values }
    }
    solution.reports += found?.reports ?? []
    return true
  }

  /// The steps at which layers of this step are used once more.
  private func laterUses(of index: Int, _ steps: [ForwardStep]) -> [Int] {
    steps.indices.filter { later in
      later > index && steps[later].number != nil
        && (steps[later].place, steps[later].number) == (steps[index].place, steps[index].number)
    }
  }

  /// Adds this rank's rows of a model, or those that tell the magnitudes.
  ///
  /// - Parameter moves: whether the teachers' rows go on to the next step.
  private func add(
    _ model: Int, to sums: DistillSums, at index: Int, _ later: [Int], of steps: [ForwardStep], measures: Bool,
    moves: Bool
  ) throws {
    let stream = streams[model]
    let (student, teacher) = (try merged.weights(), try encoder(model))
    for block in measures ? stream.examples.measured : stream.examples.own {
      stream.withRows(block, moves: moves, student: student, teacher: teacher, at: index) { own, rows, outputs in
        sums.add(
          own, residual: own.residual(at: steps[index]), outputs, teacherResidual: rows.residual(at: steps[index]),
          model: model)
      }
      addLaterUses(of: block, stream, teacher, to: sums, at: index, later, of: steps, model: model)
      if let slot = sums.sums.nonFiniteSlot {
        throw RunError.nonFiniteActivations(
          file: plan.models[model].data?.file ?? "", model: plan.models[model].name,
          place: sums.sums.slots[slot].name, rows: stream.examples.blocks[block].rows)
      }
    }
  }

  /// Where layers are used again, the teacher's own inputs are all there is: the student's are not known before the layer
  /// is.
  private func addLaterUses(
    of block: Int, _ stream: DistillStream, _ teacher: EncoderWeights<Float>, to sums: DistillSums, at index: Int,
    _ later: [Int], of steps: [ForwardStep], model: Int
  ) {
    guard let last = later.last else { return }
    let rows = stream.teacher(block, teacher, at: index)
    for step in index...last {
      let outputs = rows.outputs(teacher, at: steps[step])
      if later.contains(step) { sums.add(rows, residual: nil, outputs, teacherResidual: nil, model: model) }
      if step < last { rows.advance(outputs, teacher, at: steps[step]) } else { rows.finish() }
    }
  }
}
