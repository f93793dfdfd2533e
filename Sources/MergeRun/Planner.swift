import Checkpoints
import Crypto
import Datasets
import Diagnostics
import Encoders
import Estimation
import Foundation
import Merging
import SystemPackage

/// Opens and checks everything that a run will use, and makes the plan. Runs on the root alone. Not collective.
package struct Planner {
  /// A model that was opened, with the examples that were chosen for it.
  package struct Source {
    package let model: StoredModel
    /// Nil where the method needs none, and once they were used.
    package fileprivate(set) var examples: TokenizedExamples?
    /// Nil where there are none in the recipe.
    let validation: TokenizedExamples?
    let test: TokenizedExamples?
    /// Nil for an evaluation.
    let hashes: InputHashes?
  }

  package private(set) var plan: Plan
  /// In recipe order.
  package private(set) var sources: [Source]
  /// The model named as `base_model`, if any.
  package let base: StoredModel?

  /// Plans a merge.
  ///
  /// - Parameter console: where progress is shown: checking reads all weights and tokenises all examples.
  package init(
    _ recipe: Recipe, console: Console? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    let kinds = recipe.method.statistic.map { [$0] } ?? []
    let weights = recipe.models.map(\.weight)
    _ = try Coefficients(weights, models: recipe.models.map(\.name))
    switch recipe.rule {
    case .fisher(let rule): try rule.validate(models: weights.count)
    case .regMean(let rule): try rule.validate()
    case .linear, .maskFisher: break
    }

    var sources: [Source] = []
    var planned: [PlannedModel] = []
    var tokenizers: [WordPieceTokenizer] = []
    let progress = console.map {
      Progress("checking the inputs", total: recipe.models.count, unit: "models", console: $0)
    }
    defer { progress?.finish() }
    for model in recipe.models {
      defer { progress?.advance(by: 1) }
      let reference = try ModelReference.resolve(
        model.model, relativeTo: recipe.directory, environment: environment)
      let inputs = ModelInputs(model, of: recipe)
      var (source, entry, tokenizer) = try Self.open(
        reference.directory, name: model.name, reference: model.model, weight: model.weight, inputs: inputs,
        sampling: recipe.sampling, compatibility: recipe.compatibility)
      if let kind = kinds.first, !inputs.statistics.isEmpty {
        entry.statistics = try Self.open(inputs.statistics, of: kind, for: source, name: model.name)
      }
      if let first = sources.first,
        let (key, here, there) = first.model.configuration.firstDifference(from: source.model.configuration)
      {
        throw RunError.incompatibleModels(
          first: recipe.models[0].name, second: model.name, key: key, values: [here, there])
      }
      if let difference = tokenizers.first?.difference(from: tokenizer) {
        throw RunError.incompatibleTokenizers(
          first: recipe.models[0].name, second: model.name, difference: difference)
      }
      sources.append(source)
      planned.append(entry)
      tokenizers.append(tokenizer)
    }
    base = try recipe.baseModel.map { name in
      let reference = try ModelReference.resolve(name, relativeTo: recipe.directory, environment: environment)
      let model = try StoredModel(directory: reference.directory)
      if let (key, here, there) = model.configuration.firstDifference(from: planned[0].configuration) {
        throw RunError.incompatibleModels(
          first: "base_model", second: recipe.models[0].name, key: key, values: [here, there])
      }
      return model
    }
    self.sources = sources
    plan = Plan(
      method: recipe.method, rule: recipe.rule, preset: recipe.preset, sampling: recipe.sampling, statistics: kinds,
      outputType: recipe.outputType, heads: recipe.heads, compatibility: recipe.compatibility, models: planned)
    try Self.checkExpectations(plan)
    _ = try MergedHeads(plan.heads, sources: sources.map(\.model), models: planned)
  }

  /// Opens the statistics files of a model and checks that they are what the method needs, of this model.
  private static func open(
    _ files: [FilePath], of kind: StatisticKind, for source: Source, name: String
  ) throws -> PlannedStatistics {
    let statistics = try StatisticsFile.open(files)
    try statistics.check(against: source.model, modelHash: source.hashes?.model ?? "", name: name)
    try statistics.require(kind)
    for file in statistics.files { try file.requireIntact() }
    return PlannedStatistics(
      files: files.map(\.string),
      expectation: kind.needsGradients ? statistics.description.expectation : "none",
      examples: statistics.examples, tokens: statistics.tokens,
      sha256: statistics.files.compactMap { $0.file.metadata("sha256") }, warnings: statistics.warnings)
  }

  /// Fishers under different expectations cannot be compared.
  private static func checkExpectations(_ plan: Plan) throws(RunError) {
    guard plan.statistics.contains(where: \.needsGradients) else { return }
    let found = plan.models.map { $0.statistics?.expectation ?? plan.sampling.expectation.name }
    for (model, expectation) in zip(plan.models, found) where expectation != found[0] {
      throw .differentExpectations(
        first: plan.models[0].name, second: model.name, expectations: [found[0], expectation])
    }
  }

  /// Changes the coefficients λ to those that a search has found.
  mutating func setWeights(_ weights: [Double]) {
    for (index, weight) in weights.enumerated() { plan.models[index].weight = weight }
  }

  /// Lets go of a model's examples, so that memory does not grow with the number of tasks for the rest of the run.
  mutating func releaseExamples(of index: Int) { sources[index].examples = nil }

  /// Plans the estimation of one model's statistics.
  package init(
    model reference: String, data: DataSource, statistics: [StatisticKind], sampling: Sampling,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    let resolved = try ModelReference.resolve(reference, relativeTo: ".", environment: environment)
    let name = resolved.directory.lastComponent?.string ?? reference
    let (source, entry, _) = try Self.open(
      resolved.directory, name: name, reference: reference, weight: 1, inputs: ModelInputs(data: data),
      sampling: sampling)
    sources = [source]
    base = nil
    plan = Plan(
      method: .linear, rule: .linear, preset: nil, sampling: sampling, statistics: statistics, outputType: .float32,
      models: [entry])
  }

  /// Opens one model and chooses its examples.
  static func open(
    _ directory: FilePath, name: String, reference: String, weight: Double, inputs: ModelInputs, sampling: Sampling,
    compatibility: Compatibility? = nil, isEvaluation: Bool = false
  ) throws -> (Source, PlannedModel, WordPieceTokenizer) {
    let model = try StoredModel(directory: directory)
    try model.requireFinite()
    let tokenizer = try WordPieceTokenizer(directory: directory)
    guard tokenizer.vocabularySize <= model.configuration.vocabulary else {
      throw RunError.vocabularySize(
        directory, tokenizer: tokenizer.vocabularySize, model: model.configuration.vocabulary)
    }
    // Every task is written as a complete model, so every source needs a head.
    guard model.hasHead else { throw RunError.noHead(directory) }
    var examples: TokenizedExamples?
    if let data = inputs.data {
      if sampling.expectation == .argmax, model.configuration.problem == .regression {
        throw EstimationError.undefinedForRegression
      }
      examples = try Self.load(
        data, model: model, tokenizer: tokenizer, name: name, sampling: sampling, compatibility: compatibility,
        needsLabels: isEvaluation || sampling.expectation.needsLabels)
    }
    // Sampling is for statistics; scores are of whole files.
    var whole = Sampling()
    whole.maximumLength = sampling.maximumLength
    func labelled(_ data: DataSource?) throws -> TokenizedExamples? {
      try data.map {
        try Self.load($0, model: model, tokenizer: tokenizer, name: name, sampling: whole, needsLabels: true)
      }
    }
    let (validation, test) = (try labelled(inputs.validation), try labelled(inputs.test))
    // An evaluation leaves nothing behind that would have to say what it read.
    let hashes = isEvaluation ? nil : try InputHashes(model, data: inputs.data?.file.string)
    let longest = maximumLength(sampling, model, tokenizer)
    let planned = PlannedModel(
      name: name, reference: reference, directory: directory.string, weight: weight,
      configuration: model.configuration, files: model.fileIdentities,
      sha256: hashes?.files.map(\.sha256) ?? [],
      data: zip(inputs.data, examples).map {
        PlannedData($0.0.file, $0.1, maximumLength: longest, compatibility, sampling)
      },
      validation: zip(inputs.validation, validation).map { PlannedData($0.0.file, $0.1, maximumLength: longest) },
      test: zip(inputs.test, test).map { PlannedData($0.0.file, $0.1, maximumLength: longest) })
    return (
      Source(model: model, examples: examples, validation: validation, test: test, hashes: hashes), planned, tokenizer
    )
  }

  /// The longest sequence in tokens: as asked for, or what the tokenizer's and the model's settings allow.
  private static func maximumLength(_ sampling: Sampling, _ model: StoredModel, _ tokenizer: WordPieceTokenizer) -> Int
  {
    let limit = model.configuration.positions
    return sampling.maximumLength ?? min(limit, tokenizer.maximumLength ?? limit)
  }

  private static func load(
    _ data: DataSource, model: StoredModel, tokenizer: WordPieceTokenizer, name: String, sampling: Sampling,
    compatibility: Compatibility? = nil, needsLabels: Bool
  ) throws -> TokenizedExamples {
    let limit = model.configuration.positions
    if let asked = sampling.maximumLength, asked > limit {
      throw RunError.maximumLength(
        model: name, key: compatibility?.lengthKey ?? "max_length", asked: asked, limit: limit)
    }
    try compatibility?.check(model, name: name)
    let table = try Self.table(data, needsLabels: needsLabels)
    let map = LabelMap(names: model.labels)
    let labels: LabelScheme =
      switch model.configuration.problem {
      case _ where table.labelColumn == nil: .ignored
      case .singleLabel: .classes(map)
      case .multiLabel: .multiLabel(map)
      case .regression: .number
      }
    let examples = try Dataset.load(
      table, labels: labels, tokenizer: tokenizer,
      maximumLength: Self.maximumLength(sampling, model, tokenizer),
      selection: sampling.selection, draw: compatibility?.draw(sampling))
    let types = Int32(model.configuration.tokenTypes)
    guard examples.typeIDs.allSatisfy({ $0 < types }) else {
      throw RunError.noTokenTypes(model: name, file: data.file, types: Int(types))
    }
    return try compatibility?.seen(examples, sampling, by: tokenizer, name: name) ?? examples
  }
}

extension Planner {
  /// Finds the columns of a data file. Labels that nobody needs are read all the same where the file has them: one that is outside
  /// the model's label map shows that model and data do not belong together.
  private static func table(_ data: DataSource, needsLabels: Bool) throws(DataError) -> ExampleTable {
    do {
      return try ExampleTable(path: data.file, columns: data.columns, labelColumn: data.label, needsLabel: true)
    } catch .missingColumn where !needsLabels && data.label == nil {
      return try ExampleTable(path: data.file, columns: data.columns, needsLabel: false)
    }
  }
}

/// What is opened beside a model's own files.
struct ModelInputs {
  var data: DataSource?
  var statistics: [FilePath] = []
  var validation: DataSource?
  var test: DataSource?

  init(data: DataSource?) { self.data = data }

  init(_ model: Recipe.Model, of recipe: Recipe) {
    func source(_ data: Recipe.Data?) -> DataSource? { data.map { DataSource($0, relativeTo: recipe.directory) } }
    if recipe.method != .linear {
      data = source(model.data)
      statistics = (model.statistics ?? []).map { recipe.directory.pushing(FilePath($0)) }
    }
    validation = source(model.validation)
    test = source(model.test)
  }
}

/// A data file and how to read it.
package struct DataSource {
  package var file: FilePath
  package var columns: [Column]?
  package var label: Column?

  package init(file: FilePath, columns: [String]? = nil, label: String? = nil) {
    self.file = file
    self.columns = columns?.map { Column($0) }
    self.label = label.map { Column($0) }
  }

  init(_ data: Recipe.Data, relativeTo directory: FilePath) {
    self.init(file: directory.pushing(FilePath(data.file)), columns: data.columns, label: data.label)
  }
}

extension PlannedData {
  init(
    _ file: FilePath, _ examples: TokenizedExamples, maximumLength: Int, _ compatibility: Compatibility? = nil,
    _ sampling: Sampling = Sampling()
  ) {
    let blocks = Plan.blocks(of: examples, compatibility, sampling)
    let lengths = blocks.flatMap { $0 }.map { examples.length($0) }
    self.init(
      file: file.string, rows: examples.fileRowCount, examples: lengths.count, tokens: lengths.reduce(0, +),
      truncated: examples.truncatedCount, squaredLengths: lengths.reduce(0) { $0 + $1 * $1 }, blocks: blocks.count,
      longest: lengths.max() ?? 0, maximumLength: maximumLength, digest: examples.digest)
  }
}

extension StoredModel {
  /// What identifies the weight files to other ranks.
  var fileIdentities: [PlannedModel.FileIdentity] {
    files.files.map { file in
      let dataStart = file.tensors.map(\.byteRange.lowerBound).min() ?? file.mapped.bytes.count
      let header = file.mapped[0..<dataStart]
      return PlannedModel.FileIdentity(
        name: file.path.lastComponent?.string ?? "", bytes: file.mapped.bytes.count,
        header: SHA256.hash(data: Data(header)).hexadecimal)
    }
  }

  /// The bytes that single-precision copies of the weights take, beside the mapped file.
  package var convertedBytes: Int {
    parameters.reduce(0) { $0 + (tensor($1).vector == nil ? 4 * $1.count : 0) }
  }
}

/// Both values where both are there.
private func zip<A, B>(_ a: A?, _ b: B?) -> (A, B)? {
  guard let a, let b else { return nil }
  return (a, b)
}
