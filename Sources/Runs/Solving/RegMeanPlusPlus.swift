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

/// RegMean++: like RegMean, but a layer's Gram matrices are of what the MERGED layers below give, not the model's own.
///
/// The embeddings are averaged, their projection solved where there is one; then, from the first layer up, every model's
/// layer runs on its own data's activations below it, its Gram matrices are solved for the merged layer, and all
/// activations go through that. Layers that share parameters are one step: the model's own run one after the other on
/// the activations below the first. Each rank keeps
/// the activations of its own blocks of all models: 4 bytes times hidden size for each token. A step's systems are dealt out
/// over the ranks, and kept when they are solved.
final class RegMeanPlusPlus {
  private let communicator: Communicator
  private let plan: Plan
  private let rule: RegMeanRule
  private let coefficients: Coefficients
  private let models: [StoredModel]
  /// For each model, this rank's blocks.
  private var streams: [Stream] = []
  private let merged: MergedSoFar
  /// What is kept after every step; nil where nothing is.
  private let checkpoints: SolvedSteps?
  private var solution = SolvedLayers()
  /// How many steps are done.
  private var done = 0

  /// One model's data on their way through the layers.
  fileprivate struct Stream {
    let examples: RankExamples
    /// The activations of all blocks, [T, D] each.
    var activations: [Buffer<Float>] = []
  }

  /// - Parameter models: the same files on every rank.
  init(
    communicator: Communicator, plan: Plan, rule: RegMeanRule, coefficients: Coefficients, models: [StoredModel],
    checkpoints: SolvedSteps? = nil
  ) {
    self.checkpoints = checkpoints
    self.communicator = communicator
    self.plan = plan
    self.rule = rule
    self.models = models
    self.coefficients = coefficients
    merged = MergedSoFar(models: models, coefficients: coefficients, communicator: communicator)
  }

  private var configuration: EncoderConfiguration { models[0].configuration }
  private var parameters: [Parameter] { models[0].mergedParameters }

  /// Merges all layers; the solution is the root's, nil elsewhere.
  ///
  /// - Parameter progress: of as many steps for each model as ``steps(_:)`` says.
  ///
  /// **Collective.**
  func run(examples: HeldExamples, progress: PhaseProgress? = nil) throws -> SolvedLayers? {
    checkpoints?.begin()
    for index in models.indices {
      streams.append(Stream(examples: try RankExamples(index, of: examples)))
    }
    solution.tokenRows = try tokenRows(examples)
    let systems = LinearSystem.all(of: parameters, rule: rule)
    let embeddings = parameters.filter { $0.role.stage == .embeddings }
    let projections = systems.filter { $0.site?.place == .embeddingProjection }
    let solved = Set(projections.flatMap(\.layers).flatMap { [$0.weight, $0.bias].compactMap(\.self) })
    try share(embeddings.filter { !solved.contains($0) })
    if !projections.isEmpty {
      let tables = Encoder(weights: try merged.weights())
      try merge(projections, progress) { _, stream, block, gram in
        _ = tables.embeddings(of: stream.batch(block), observers: [gram])
      }
      try share(embeddings.filter { solved.contains($0) })
    }
    let embedder = Encoder(weights: try merged.weights())
    for index in streams.indices {
      streams[index].activations = streams[index].examples.blocks.map { block in
        Self.copied(embedder.embeddings(of: block.batch))
      }
    }
    for group in configuration.layerGroups {
      let own = Set(group.numbers)
      try merge(systems.filter { $0.layer.map(own.contains) ?? false }, progress) { encoder, stream, block, gram in
        _ = encoder.forward(
          layers: group.uses, input: stream.input(block, self.configuration), segments: stream.segments(block),
          observers: [gram])
      }
      try share(parameters.filter { $0.layer.map(own.contains) ?? false })
      let encoder = Encoder(weights: try merged.weights())
      for index in streams.indices {
        let stream = streams[index]
        for block in stream.activations.indices {
          let output = encoder.forward(
            layers: group.uses, input: stream.input(block, configuration), segments: stream.segments(block))
          streams[index].activations[block] = Self.copied(output)
        }
      }
    }
    try merge(systems.filter { $0.site?.place == .pooler }, progress) { _, stream, block, gram in
      let input = stream.input(block, self.configuration)
      let segments = stream.segments(block)
      let first = Buffer<Float>(count: segments.count * input.columns)
      let rows = first.vector.matrix(rows: segments.count, columns: input.columns)
      for example in 0..<segments.count { copy(input.row(segments[example].lowerBound), to: rows.row(example)) }
      withExtendedLifetime(first) { gram.observeInput(.pooler, layer: nil, rows, .single(segments.count)) }
    }
    checkpoints?.end()
    return communicator.isRoot ? solution : nil
  }

  /// In how many steps a model's layers are merged: the layers, the pooler, and what projects the embeddings.
  static func steps(_ layout: ModelLayout) -> Int {
    layout.configuration.layerGroups.count + layout.gramSites().filter { $0.layer == nil }.count
  }

  /// Collects the Gram matrices of some systems from all models, and solves the systems, each on one rank; the solution
  /// is the root's. **Collective.**
  ///
  /// - Parameter observe: shows one block of a stream to the statistic.
  private func merge(
    _ systems: [LinearSystem], _ progress: PhaseProgress?,
    observe: @escaping (Encoder<Float>, Stream, Int, GramMatrices<Float>) -> Void
  ) throws {
    guard !systems.isEmpty else { return }
    defer { done += 1 }
    let solved = systems.flatMap(\.layers).flatMap { [$0.weight, $0.bias].compactMap(\.self) }
    if try resume(solved) {
      progress?.advance(by: models.count)
      return
    }
    // What all layers read, such as a table of relative positions, is merged before the first.
    let embeddings = Set(parameters.filter { $0.role.stage == .embeddings }.map(\.name))
    let known = merged.values.filter { embeddings.contains($0.key) }
    // Systems with one site differ in what else they read.
    let sites = systems.compactMap(\.site).reduce(into: [GramSite]()) { if !$0.contains($1) { $0.append($1) } }
    var statistics: [EstimatedStatistics] = []
    for (index, (model, stream)) in zip(models, streams).enumerated() {
      let encoder = try communicator.agree(in: "reading a model") {
        Encoder(weights: try model.singlePrecisionWeights(replacing: known))
      }
      let gram = GramMatrices<Float>(sites: sites)
      func add(_ blocks: Range<Int>) throws {
        for block in blocks {
          observe(encoder, stream, block, gram)
          gram.finishBlock()
          if let slot = gram.sums.nonFiniteSlot {
            throw RunError.nonFiniteActivations(
              file: plan.models[index].data?.file ?? "", model: plan.models[index].name,
              place: gram.sums.slots[slot].name, rows: stream.rows(block))
          }
        }
      }
      // Systems are dealt out over the ranks, which then need the sums.
      _ = try CollectiveSums(communicator: communicator, sums: [gram.sums], isForAll: systems.count > 1).estimate(
        times: stream.examples.times,
        samples: [.init(rank: stream.examples.owner) { try add(stream.examples.measured) }],
        evaluate: { _ in try communicator.agree(in: "running a layer for RegMean++") { try add(stream.examples.own) } })
      statistics.append(
        EstimatedStatistics([(.gram, gram)], examples: stream.examples.examples, tokens: stream.examples.tokens))
      progress?.advance(by: 1)
    }
    let merge =
      systems.count > 1 || communicator.isRoot
      ? RegMeanMerge(
        rule: rule, coefficients: coefficients, models: models, statistics: statistics, merged: known) : nil
    let found = try RegMeanSolves(communicator: communicator, console: nil, systems: systems, merge: merge).run()
    if let found {
      solution.values.merge(found.values) { $1 }
      solution.reports += found.reports
      checkpoints?.keep(
        done, solved.compactMap { parameter in found.values[parameter.name].map { (parameter, $0) } }, found.reports)
    }
    try checkpoints?.leaveIfStopped()
  }

  /// Takes what a step solves for from an earlier run. **Collective.**
  ///
  /// - Returns: false where none has solved it.
  private func resume(_ parameters: [Parameter]) throws -> Bool {
    guard let checkpoints else { return false }
    let found =
      try communicator.agreeOnRoot(in: "reading checkpoints") { try checkpoints.found(done, parameters) } ?? nil
    if let found {
      solution.values.merge(found.values) { $1 }
      solution.reports += found.reports
    }
    return try communicator.broadcast(Int64(found == nil ? 0 : 1)) == 1
  }

  /// How the rows of the word embeddings are averaged; nil for the plain average, and on all ranks but the root.
  /// **Collective.**
  private func tokenRows(_ examples: HeldExamples) throws -> SiteWeights? {
    guard rule.embeddings == .counts else { return nil }
    let counts = try examples.tokenCounts(models: models.indices, vocabulary: configuration.vocabulary)
    return try communicator.agreeOnRoot(counts, in: "counting tokens") {
      try TokenRowWeights.weights(counts: $0, coefficients: coefficients)
    }
  }

  /// Gives merged parameters to all ranks: solved where they were, else averaged. **Collective.**
  private func share(_ parameters: [Parameter]) throws {
    let isSolved = try parameters.map {
      try communicator.broadcast(Int64(solution.values[$0.name] == nil ? 0 : 1)) == 1
    }
    for (parameter, isSolved) in zip(parameters, isSolved) {
      guard isSolved else {
        try merged.average([parameter], tokenRows: solution.tokenRows)
        continue
      }
      _ = try merged.share(parameter) { target in
        guard let solved = solution.values[parameter.name] else { preconditionFailure("the root has solved it") }
        copy(solved.vector, to: target)
      }
    }
  }

  private static func copied(_ x: Matrix<Float>) -> Buffer<Float> {
    let copy = Buffer<Float>(count: x.count)
    LinearAlgebra.copy(x.elements, to: copy.vector)
    return copy
  }
}

extension RegMeanPlusPlus.Stream {
  fileprivate func batch(_ block: Int) -> TokenBatch { examples.blocks[block].batch }

  fileprivate func segments(_ block: Int) -> Segments { batch(block).segments }

  /// The data rows of a block.
  fileprivate func rows(_ block: Int) -> [Int] { examples.blocks[block].rows }

  fileprivate func input(_ block: Int, _ configuration: EncoderConfiguration) -> Matrix<Float> {
    activations[block].vector.matrix(rows: segments(block).rows, columns: configuration.hidden)
  }
}
