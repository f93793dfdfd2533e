import Checkpoints
import Datasets
import Diagnostics
import Encoders
import Foundation
import MessagePassing
import Planning
import SystemPackage
import Terminal

/// The reading of a run's inputs, dealt out to the ranks.
///
/// Every rank reads some models (``InputReader``) and sends the root what it found. The root decides alone, in the
/// recipe's order, as if it had read everything itself: it opens each model (the header only), and what a rank could
/// not read, or sees as another file than the root, it reads again. So neither the plan nor the error depends on who
/// read what, and hosts that do not see the data are of no help but do no harm.
///
/// In a federated run (``Sites``) the first rank of a site reads the models whose examples the site has, keeps these, and
/// tells the root the rest.
package struct SharedInputs {
  let communicator: Communicator
  /// Where progress is shown; nil for nowhere.
  let console: Console?
  /// By rank, where examples may stay at their sites; nil where they may not.
  let hosts: [String]?

  package init(communicator: Communicator, console: Console?, hosts: [String]? = nil) {
    self.communicator = communicator
    self.console = console
    self.hosts = hosts
  }

  /// What was read, and by whom.
  package struct Outcome<Value> {
    /// What the root has made of it; nil elsewhere.
    package let value: Value?
    package let sites: Sites
    /// The models whose examples stay here, by their place in the recipe: of the first rank of a site.
    package let own: [Int: Inputs.Source]
  }

  /// Which rank reads each model: spread evenly, so that different hosts read. Models of one directory go to one rank,
  /// which reads it once.
  static func owners(of models: [ModelInputs], size: Int) -> [Int] {
    var places: [String: Int] = [:]
    for model in models where places[model.directory] == nil { places[model.directory] = places.count }
    return models.map { (places[$0.directory] ?? 0) * size / places.count }
  }

  /// Reads all inputs and has the root make something of them.
  ///
  /// - Parameters:
  ///   - inputs: the root's; the others' are ignored.
  ///   - assemble: called on the root alone, with a function that gives what was read of a model; to be called for one
  ///     model after the other, in order. What either throws is what all ranks throw.
  ///
  /// **Collective.**
  package func read<Value>(
    _ inputs: RunInputs?, assemble: (_ next: (Int) throws -> ReadModel) throws -> Value
  ) throws -> Outcome<Value> {
    let reader = InputReader(try share(inputs))
    let models = reader.inputs.models
    let sites = try findSites(reader.inputs)
    let owners = zip(models.indices, Self.owners(of: models, size: communicator.size)).map { model, owner in
      sites.ofModels[model] == nil ? owner : sites.owner(of: model)
    }
    let own = models.indices.filter { owners[$0] == communicator.rank }
    reader.expect(own)
    let progress = console.map {
      PhaseProgress("checking the inputs", total: models.count, unit: "models", console: $0)
    }
    defer { progress?.finish() }
    guard communicator.isRoot else {
      // What cannot be read here is the root's to read or to complain about, but for what it does not see.
      var kept: [Int: Inputs.Source] = [:]
      let found = own.map { index in
        let isPrivate = sites.ofModels[index] != nil
        let model = Result { try reader.read(index) }
        if isPrivate, case .success(let model) = model { kept[index] = model.source }
        return (
          stamps: reader.inputs.stamps(of: index, weights: reader.weightFiles(index), withData: !isPrivate),
          model: model, isPrivate: isPrivate
        )
      }
      try communicator.meet("checking the inputs")
      for (stamps, model, isPrivate) in found { try send(model, stamps, isPrivate: isPrivate) }
      let value = try communicator.agreeOnRoot(in: "planning", namesRank: false) { () -> Value in
        preconditionFailure("only the root has to decide")
      }
      return Outcome(value: value, sites: sites, own: kept)
    }

    var kept: [Int: Inputs.Source] = [:]
    func keep(_ model: ReadModel, _ index: Int) -> ReadModel {
      guard sites.ofModels[index] != nil else { return model }
      kept[index] = model.source
      return ReadModel(
        source: model.source.withoutExamples, planned: model.planned, tokenizer: model.tokenizer)
    }
    var found: [Int: Result<ReadModel, any Error>] = [:]
    // Alone, each is read when it is its turn, so that models that do not fit together are found at once.
    if communicator.size > 1 {
      for (count, index) in own.enumerated() {
        found[index] = Result { try reader.read(index) }
        progress?.advance(by: (count + 1) * models.count / own.count - count * models.count / own.count)
        if case .failure = found[index] { break }
      }
      try communicator.meet("checking the inputs")
    }
    var received = 0
    let outcome = Result {
      try assemble { index in
        if communicator.size == 1 {
          defer { progress?.advance(by: 1) }
          return try reader.read(index)
        }
        if owners[index] == communicator.rank {
          if let known = found.removeValue(forKey: index) { return keep(try known.get(), index) }
        } else {
          received = index + 1
          let isPrivate = sites.ofModels[index] != nil
          if let model = try receive(index, from: owners[index], reader, isPrivate: isPrivate) { return model }
        }
        return keep(try reader.read(index), index)
      }
    }
    // The others wait until they are rid of what they found.
    for index in received..<models.count where owners[index] != communicator.rank {
      _ = try receiveParts(from: owners[index])
    }
    let value = try communicator.agreeOnRoot(in: "planning", namesRank: false) { try outcome.get() }
    return Outcome(value: value, sites: sites, own: kept)
  }

  /// Who may see which examples; the same on all ranks. **Collective.**
  private func findSites(_ inputs: RunInputs) throws -> Sites {
    let files = inputs.models.map { model in [model.data, model.validation, model.test].compactMap { $0?.file } }
    guard let hosts, communicator.size > 1 else {
      return Sites(ranks: communicator.size, models: inputs.models.count)
    }
    // One reduction, in which each rank fills its own part: the root waits for a late rank where it can name it.
    let paths = files.flatMap { $0 }
    var words = [Int64](repeating: 0, count: communicator.size * paths.count * 3)
    for (place, path) in paths.enumerated() {
      guard let stamp = FileStamp(path) else { continue }
      let start = (communicator.rank * paths.count + place) * 3
      words[start..<start + 3] = [Int64(stamp.bytes) + 1, Int64(stamp.seconds), Int64(stamp.nanoseconds)]
    }
    try words.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .sum) }
    let sites = try communicator.agreeOnRoot(in: "looking for the data", namesRank: false) {
      let stamps = (0..<communicator.size).map { rank in
        var next = rank * paths.count * 3
        return files.map { own in
          own.map { _ -> FileStamp? in
            defer { next += 3 }
            guard words[next] > 0 else { return nil }
            return FileStamp(
              bytes: Int(words[next] - 1), seconds: Int(words[next + 1]), nanoseconds: Int(words[next + 2]))
          }
        }
      }
      return try Sites(stamps, files: files, hosts: hosts)
    }
    let bytes = try communicator.broadcast(Array(try sites.map { try JSONEncoder().encode($0) } ?? Data()))
    return try sites ?? JSONDecoder().decode(Sites.self, from: Data(bytes))
  }

  /// The root's inputs on every rank. **Collective.**
  private func share(_ inputs: RunInputs?) throws -> RunInputs {
    let bytes = try communicator.broadcast(Array(try inputs.map { try JSONEncoder().encode($0) } ?? Data()))
    return try inputs ?? JSONDecoder().decode(RunInputs.self, from: Data(bytes))
  }
}

// MARK: Messages

extension SharedInputs {
  /// What the root is told of a model beside its examples.
  private struct Report: Codable {
    let planned: PlannedModel
    let hashes: InputHashes?
    let tokenizer: String
    let stamps: [FileStamp?]
  }

  /// What could not be read at a site.
  private struct Failure: Codable {
    let host, subject, problem, remedy: String
    let exitCode: FailureCode

    init(_ error: any Error) {
      let error = diagnosis(of: error)
      (host, subject, problem, remedy) = (Place.hostName, error.subject, error.problem, error.remedy)
      exitCode = error.exitCode
    }
  }

  /// The report, the three kinds of examples, and a site's failure, each as bytes; -1 for what there is none of.
  private static let partCount = 5

  /// Sends the root what was read of a model. **Not collective.**
  ///
  /// - Parameter isPrivate: whether its examples stay here.
  private func send(_ found: Result<ReadModel, any Error>, _ stamps: [FileStamp?], isPrivate: Bool) throws {
    let model: ReadModel
    switch found {
    case .success(let read): model = read
    case .failure(let error):
      var counts = Array(repeating: Int64(-1), count: Self.partCount)
      guard isPrivate else { return try send(counts) }
      let failure = Array(try JSONEncoder().encode(Failure(error)))
      counts[Self.partCount - 1] = Int64(failure.count)
      try send(counts)
      return try send(failure)
    }
    let report = Report(
      planned: model.planned, hashes: model.source.hashes, tokenizer: model.tokenizer, stamps: stamps)
    let source = isPrivate ? model.source.withoutExamples : model.source
    let parts: [[UInt8]?] = [
      Array(try JSONEncoder().encode(report)), source.examples?.bytes, source.validation?.bytes, source.test?.bytes,
      nil,
    ]
    try send(parts.map { Int64($0?.count ?? -1) })
    for part in parts { if let part { try send(part) } }
  }

  private func send<Scalar: MessageScalar>(_ values: [Scalar]) throws {
    _ = try communicator.startSend(MessageBuffer(values), to: Communicator.root).wait()
  }

  private func receiveParts(from rank: Int) throws -> [[UInt8]?] {
    let counts = try communicator.startReceive(into: MessageBuffer<Int64>(count: Self.partCount), from: rank).wait()
    return try counts.array.map { count in
      guard count >= 0 else { return nil }
      return try communicator.startReceive(into: MessageBuffer<UInt8>(count: Int(count)), from: rank).wait().array
    }
  }

  /// What a rank read of a model, on the root; nil where it read nothing, or other files than the root sees.
  private func receive(
    _ index: Int, from rank: Int, _ reader: InputReader, isPrivate: Bool
  ) throws -> ReadModel? {
    let parts = try receiveParts(from: rank)
    if let bytes = parts[Self.partCount - 1] {
      let failure = try JSONDecoder().decode(Failure.self, from: Data(bytes))
      throw SharingError.atSite(
        host: failure.host, subject: failure.subject, problem: failure.problem, remedy: failure.remedy,
        exitCode: failure.exitCode)
    }
    guard let bytes = parts[0], let model = try? StoredModel(directory: FilePath(reader.inputs.models[index].directory))
    else {
      // The root reads it and says what is wrong; a site's data it cannot.
      guard !isPrivate else {
        throw SharingError.differentFiles(FilePath(reader.inputs.models[index].directory), host: hosts?[rank] ?? "")
      }
      return nil
    }
    let report = try JSONDecoder().decode(Report.self, from: Data(bytes))
    let stamps = reader.inputs.stamps(of: index, weights: model.files.files.map(\.path), withData: !isPrivate)
    guard report.stamps == stamps, report.planned.files == model.files.identities else {
      guard !isPrivate else { throw SharingError.differentFiles(model.directory, host: hosts?[rank] ?? "") }
      return nil
    }
    // What the root knows for itself is the root's.
    var planned = PlannedModel(
      reader.inputs.models[index], model, sha256: report.planned.sha256, data: report.planned.data)
    planned.tokenizer = report.planned.tokenizer
    planned.notes = report.planned.notes
    planned.statistics = report.planned.statistics
    planned.validation = report.planned.validation
    planned.test = report.planned.test
    func examples(_ part: Int) throws -> TokenizedExamples? {
      try parts[part].map { try TokenizedExamples(decoding: $0) }
    }
    return ReadModel(
      source: Inputs.Source(
        model: model, examples: try examples(1), validation: try examples(2), test: try examples(3),
        statistics: nil, hashes: report.hashes),
      planned: planned, tokenizer: report.tokenizer)
  }
}

extension RunInputs {
  /// Which files a host sees of and for a model: the weights, whatever else the model has, the data and the statistics.
  ///
  /// - Parameter withData: false for data that the root does not see.
  func stamps(of index: Int, weights: [FilePath], withData: Bool = true) -> [FileStamp?] {
    let model = models[index]
    let others = InputHashes.otherNames.map { FilePath(model.directory).appending($0) }
    let data = withData ? [model.data, model.validation, model.test].compactMap { $0?.file } : []
    return (weights + others + data + model.statistics.map { FilePath($0) }).map { FileStamp($0) }
  }
}

extension InputReader {
  /// The paths of a model's weights, none where they cannot be opened.
  fileprivate func weightFiles(_ index: Int) -> [FilePath] {
    (try? ModelWeights(directory: FilePath(inputs.models[index].directory)))?.files.map(\.path) ?? []
  }
}
