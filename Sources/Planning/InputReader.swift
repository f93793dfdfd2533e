import Checkpoints
import Datasets
import Encoders
import Estimation
import Foundation
import Recipes
import StatisticsFiles
import SystemPackage
import Tokenizers

/// Reads and checks a run's inputs, which is nearly all the work of planning: every byte of the weights twice, and all
/// texts.
///
/// A file that several models share is read once. **Not collective.**
package final class InputReader {
  package let inputs: RunInputs
  /// Of models that were found sound, by directory.
  private var hashes: [String: InputHashes] = [:]
  private var sound: Set<String> = []
  /// By the class where the files name none, and the hashes of the files that they were read from.
  private var tokenizers: [[String]: (Tokenizer, hash: String)] = [:]
  /// Of data files, by path.
  private var dataHashes: [FilePath: String] = [:]
  /// Statistics files whose sums are those that were written.
  private var intact: Set<FilePath> = []
  /// What ``expect(_:)`` has opened: models by directory, statistics by model.
  private var openedModels: [String: StoredModel] = [:]
  private var openedStatistics: [Int: CombinedStatistics] = [:]
  private let digests = PairedDigests()
  private let hashesInBackground: Bool
  /// The hashes of the model that was read last, where they are computed in the background.
  private(set) var pendingHashes: PendingHashes?

  /// - Parameter hashesInBackground: whether what is read has no hashes, but ``pendingHashes`` will; for one model
  ///   whose hash nobody needs before the work begins.
  package init(_ inputs: RunInputs, hashesInBackground: Bool = false) {
    self.inputs = inputs
    self.hashesInBackground = hashesInBackground
  }

  /// Opens what will be read of some models, so that the hashing of one can go along with that of another. Nothing is
  /// read, and what cannot be opened is an error when it is its turn.
  package func expect(_ indices: [Int]) {
    guard !inputs.isEvaluation else { return }
    for index in indices {
      let wanted = inputs.models[index]
      if openedModels[wanted.directory] == nil, let model = try? StoredModel(directory: FilePath(wanted.directory)) {
        openedModels[wanted.directory] = model
        digests.expect(model.files)
      }
      if !inputs.statistics.isEmpty, !wanted.statistics.isEmpty,
        let statistics = try? StatisticsFile.open(wanted.statistics.map { FilePath($0) })
      {
        openedStatistics[index] = statistics
        digests.expect(statistics)
      }
    }
  }

  /// Opens one model, chooses its examples and looks at its statistics.
  ///
  /// - Throws: what the user has to mend, always the same for the same files.
  package func read(_ index: Int) throws -> ReadModel {
    if let error = inputs.unresolved[index] { throw error }
    let wanted = inputs.models[index]
    let sampling = inputs.sampling
    let directory = FilePath(wanted.directory)
    let model = try openedModels[wanted.directory] ?? StoredModel(directory: directory)
    if hashesInBackground { pendingHashes = PendingHashes(model, data: wanted.data?.file) }
    if !sound.contains(wanted.directory) {
      try model.requireFinite()
      sound.insert(wanted.directory)
    }
    let (tokenizer, tokenizerHash) = try self.tokenizer(of: model)
    guard tokenizer.vocabularySize <= model.configuration.vocabulary else {
      throw PlanError.vocabularySize(
        directory, tokenizer: tokenizer.vocabularySize, model: model.configuration.vocabulary)
    }
    // Every task is written as a complete model, so every source needs a head.
    guard model.hasHead else { throw PlanError.noHead(directory) }
    let examples = try wanted.data.map { data in
      if sampling.expectation == .argmax, model.configuration.problem == .regression {
        throw EstimationError.undefinedForRegression
      }
      if inputs.isEvaluation { try Self.requireMetric(model, name: wanted.name, file: data.file) }
      return try Self.load(
        data, model: model, tokenizer: tokenizer, name: wanted.name, sampling: sampling,
        compatibility: inputs.compatibility, needsLabels: inputs.isEvaluation || sampling.expectation.needsLabels)
    }
    // Sampling is for statistics; scores are of whole files.
    var whole = Sampling()
    whole.maximumLength = sampling.maximumLength
    func labelled(_ data: DataSource?) throws -> LoadedExamples? {
      try data.map {
        try Self.requireMetric(model, name: wanted.name, file: $0.file)
        return try Self.load(
          $0, model: model, tokenizer: tokenizer, name: wanted.name, sampling: whole, needsLabels: true)
      }
    }
    let (validation, test) = (try labelled(wanted.validation), try labelled(wanted.test))
    let hashes = inputs.isEvaluation || hashesInBackground ? nil : try self.hashes(of: model, data: wanted.data?.file)
    let longest = Self.maximumLength(sampling, model, tokenizer)
    var planned = PlannedModel(
      wanted, model, sha256: hashes?.files.map(\.sha256) ?? [],
      data: zip(wanted.data, examples).map {
        PlannedData(
          $0.0.file, $0.1.examples, maximumLength: longest, skipped: $0.1.skipped, inputs.compatibility, sampling)
      })
    planned.notes = model.notes + tokenizer.notes
    planned.tokenizer = tokenizerHash
    func scored(_ data: DataSource?, _ loaded: LoadedExamples?) -> PlannedData? {
      zip(data, loaded).map { PlannedData($0.0.file, $0.1.examples, maximumLength: longest, skipped: $0.1.skipped) }
    }
    planned.validation = scored(wanted.validation, validation)
    planned.test = scored(wanted.test, test)
    var statistics: CombinedStatistics?
    if !inputs.statistics.isEmpty, !wanted.statistics.isEmpty {
      let found = try self.statistics(
        index, for: model, modelHash: hashes?.model ?? "", tokenizer: tokenizerHash)
      planned.statistics = PlannedStatistics(
        found, files: wanted.statistics.map { FilePath($0).string }, of: inputs.statistics)
      statistics = found
    }
    return ReadModel(
      source: Inputs.Source(
        model: model, examples: examples?.examples, validation: validation?.examples, test: test?.examples,
        statistics: statistics, hashes: hashes),
      planned: planned, tokenizer: tokenizerHash)
  }

  /// The tokenizer of a model and its identity. Models that were made of one base mostly have the same files, which are
  /// parsed once.
  private func tokenizer(of model: StoredModel) throws -> (Tokenizer, hash: String) {
    let directory = model.directory
    let files = Tokenizer.fileNames.map { name -> String? in
      do throws(FileAccessError) { return try MappedFile(path: directory.appending(name)).sha256 } catch {
        if case .missing = error { return "" }
        // For the tokenizer to complain about.
        return nil
      }
    }
    let hashes = files.compactMap { $0 }
    let key = hashes.count == files.count ? model.tokenizerClasses + hashes : nil
    if let key, let known = tokenizers[key] { return known }
    let tokenizer = try model.tokenizer()
    let found = (tokenizer, hash: tokenizer.identity)
    if let key { tokenizers[key] = found }
    return found
  }

  private func hashes(of model: StoredModel, data: FilePath?) throws -> InputHashes {
    let directory = model.directory.string
    let known = try hashes[directory] ?? InputHashes(model.files, digests)
    hashes[directory] = known
    return try known.with(
      data: data.map { path in
        let hash = try dataHashes[path] ?? MappedFile(path: path).sha256
        dataHashes[path] = hash
        return hash
      })
  }

  /// Opens the statistics files of a model and checks that they are what the method needs, of this model.
  private func statistics(
    _ index: Int, for model: StoredModel, modelHash: String, tokenizer: String
  ) throws -> CombinedStatistics {
    let wanted = inputs.models[index]
    let statistics =
      try openedStatistics[index] ?? StatisticsFile.open(wanted.statistics.map { FilePath($0) })
    try statistics.check(against: model, modelHash: modelHash, tokenizer: tokenizer, name: wanted.name)
    for kind in inputs.statistics {
      try statistics.require(kind, settingWithout: inputs.settingsWithout[kind.name])
    }
    for file in statistics.files where !intact.contains(file.path) {
      try file.requireIntact(digests)
      try Verification(file).requirePlausible()
      intact.insert(file.path)
    }
    return statistics
  }
}

// MARK: Examples

extension InputReader {
  /// The longest sequence in tokens: as asked for, or what the tokenizer's and the model's settings allow.
  private static func maximumLength(_ sampling: Sampling, _ model: StoredModel, _ tokenizer: Tokenizer) -> Int {
    let limit = model.configuration.maximumTokens
    return sampling.maximumLength ?? min(limit, tokenizer.maximumLength ?? limit)
  }

  private static func requireMetric(_ model: StoredModel, name: String, file: FilePath) throws(PlanError) {
    guard model.configuration.problem != .regression || model.configuration.outputs == 1 else {
      throw .noMetric(model: name, file: file)
    }
  }

  private static func load(
    _ data: DataSource, model: StoredModel, tokenizer: Tokenizer, name: String, sampling: Sampling,
    compatibility: Compatibility? = nil, needsLabels: Bool
  ) throws -> LoadedExamples {
    let limit = model.configuration.maximumTokens
    if let asked = sampling.maximumLength, asked > limit {
      throw PlanError.maximumLength(
        model: name, key: compatibility?.lengthKey ?? "max_length", asked: asked, limit: limit)
    }
    try compatibility?.check(model, name: name)
    let table = try Self.table(data, needsLabels: needsLabels)
    let map = LabelMap(names: model.labels, reading: data.labels)
    let outputs = model.configuration.outputs
    let labels: LabelScheme =
      switch model.configuration.problem {
      case _ where table.labelColumn == nil: .ignored
      case .singleLabel: .classes(map)
      case .multiLabel: .multiLabel(map)
      case .regression where data.labels != .recognized: throw DataError.labelsWithoutClasses(file: data.file.string)
      case .regression: outputs == 1 ? .number : .numbers(outputs)
      }
    var skipped = SkippedRows()
    let examples = try Dataset.load(
      table, labels: labels, needsLabels: needsLabels, tokenizer: tokenizer,
      maximumLength: Self.maximumLength(sampling, model, tokenizer),
      selection: sampling.selection, draw: compatibility?.draw(sampling),
      skip: data.badRows == .skip ? { skipped.add($0) } : nil)
    // A model without a table of them looks at none.
    let types = Int32(model.configuration.tokenTypes)
    guard types == 0 || examples.typeIDs.allSatisfy({ $0 < types }) else {
      throw PlanError.noTokenTypes(model: name, file: data.file, types: Int(types))
    }
    let seen = try compatibility?.seen(examples, sampling, by: tokenizer, name: name) ?? examples
    return LoadedExamples(examples: seen, skipped: skipped)
  }

  /// The examples of a data file, and what was left out of it.
  private struct LoadedExamples {
    let examples: TokenizedExamples
    let skipped: SkippedRows
  }

  /// Finds the columns of a data file. Labels that nobody needs are read all the same where the file has them: one that
  /// is outside the model's label map shows that model and data do not belong together.
  private static func table(_ data: DataSource, needsLabels: Bool) throws(DataError) -> ExampleTable {
    do {
      return try ExampleTable(
        path: data.file, columns: data.columns, labelColumn: data.label, needsLabel: true, badRows: data.badRows)
    } catch .missingColumn where !needsLabels && data.label == nil {
      return try ExampleTable(path: data.file, columns: data.columns, needsLabel: false, badRows: data.badRows)
    }
  }
}

extension ModelWeights {
  /// What identifies the weight files to other ranks.
  package var identities: [PlannedModel.FileIdentity] {
    files.map { file in
      PlannedModel.FileIdentity(
        name: file.path.lastComponent?.string ?? "", bytes: file.mapped.bytes.count, header: file.headerHash)
    }
  }
}

extension StoredModel {
  /// The bytes that copies of the weights take beside the mapped files: in single precision, and of pickles' views.
  package var convertedBytes: Int {
    files.files.reduce(0) { $0 + $1.copiedBytes }
      + parameters.reduce(0) { $0 + (tensor($1).vector == nil ? 4 * $1.count : 0) }
  }
}

/// Both values where both are there.
private func zip<A, B>(_ a: A?, _ b: B?) -> (A, B)? {
  guard let a, let b else { return nil }
  return (a, b)
}
