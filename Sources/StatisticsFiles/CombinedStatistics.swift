import Datasets
import Encoders
import Estimation
import LinearAlgebra
import SystemPackage

/// The sums of one or several statistics files that add up, as if all examples had been estimated together.
///
/// Files are added in an order of their own, by the hash of their examples, so that the order in which they are given
/// changes no bit. Memory does not grow with the number of files: they are read where they are mapped.
package struct CombinedStatistics: StatisticReader {
  /// In canonical order.
  package let files: [StatisticsFile]
  package let description: StatisticsDescription
  /// What does not forbid adding them, but should be known.
  package let warnings: [String]
  private let scratch = Buffer<Double>(count: StatisticsFile.pieceElements)

  package var kinds: [StatisticKind] { description.kinds }
  package var examples: Int { description.examples }
  package var tokens: Int { description.tokens }

  /// Checks that the files fit together. No sum is read.
  ///
  /// - Parameter allowsOverlap: whether files may have examples in common, which then count twice.
  /// - Throws: ``StatisticsError`` that names two files and what differs.
  package init(_ files: [StatisticsFile], allowsOverlap: Bool = false) throws {
    precondition(!files.isEmpty, "at least one file")
    let ordered = files.sorted {
      ($0.description.examplesHash, $0.file.metadata("sha256") ?? "")
        < ($1.description.examplesHash, $1.file.metadata("sha256") ?? "")
    }
    var warnings = ordered.compactMap { file in file.description.gap.map { "\(file.path): \($0)" } }
    for (index, second) in ordered.enumerated() {
      for first in ordered[..<index] {
        try Self.checkAlike(first, second)
        if let warning = try Self.checkDisjoint(first, second, allowsOverlap: allowsOverlap) {
          warnings.append(warning)
        }
      }
    }
    self.files = ordered
    self.warnings = warnings
    var description = ordered[0].description
    // A sum says nothing of the tokenizer where one of its parts does not.
    if ordered.contains(where: { $0.description.tokenizer.isEmpty }) { description.tokenizer = "" }
    description.parts = ordered.flatMap(\.description.parts).sorted {
      ($0.examplesHash, $0.dataHash) < ($1.examplesHash, $1.dataHash)
    }
    self.description = description
  }

  package func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) throws {
    try files[0].read(name, elements, into: out)
    guard files.count > 1 else { return }
    for start in stride(from: 0, to: elements.count, by: scratch.count) {
      let end = min(elements.count, start + scratch.count)
      let part = scratch.vector[0..<end - start]
      for file in files.dropFirst() {
        try file.read(name, elements.lowerBound + start..<elements.lowerBound + end, into: part)
        add(part, to: out[start..<end])
      }
    }
  }

  package func mapped(_ name: String) -> Vector<Double>? { files.count == 1 ? files[0].mapped(name) : nil }

  /// The fingerprints of all examples in increasing order; nil where a file has none.
  package var fingerprints: [Int64]? {
    let each = files.compactMap(\.fingerprints)
    return each.count == files.count ? each.flatMap { $0 }.sorted() : nil
  }

  /// Refuses the statistics of another model than `model`. See ``StatisticsFile/check(against:modelHash:name:)``.
  package func check(against model: StoredModel, modelHash: String, tokenizer: String? = nil, name: String) throws {
    for file in files { try file.check(against: model, modelHash: modelHash, tokenizer: tokenizer, name: name) }
  }

  /// Refuses to go on without a statistic that a merge needs.
  ///
  /// - Parameter setting: by which the merge would do without it; nil for none.
  package func require(_ kind: StatisticKind, settingWithout setting: String? = nil) throws(StatisticsError) {
    guard !kinds.contains(kind) else { return }
    throw .missingKind(
      files[0].path, kind: kind.name, found: description.kindNames, settingWithout: setting)
  }

  /// Refuses files of other models or settings.
  private static func checkAlike(_ first: StatisticsFile, _ second: StatisticsFile) throws(StatisticsError) {
    let (a, b) = (first.description, second.description)
    let sameModel = "add statistics of one model only; estimate with the model that the first file was estimated on"
    let sameSettings = "estimate one of them again with the settings of the other"
    var pairs = [("the SHA-256 of the models' weights", a.modelHash, b.modelHash, sameModel)]
    pairs.append(("the models' families", a.sizes.modelType, b.sizes.modelType, sameModel))
    for (key, path) in StatisticsDescription.sizeKeys {
      pairs.append(("the models' \(key)", "\(a.sizes[keyPath: path])", "\(b.sizes[keyPath: path])", sameModel))
    }
    pairs += [
      ("the kinds of statistics", a.kindNames, b.kindNames, sameSettings),
      ("the expectations", a.expectation, b.expectation, sameSettings),
      ("the draws", "\(a.draws)", "\(b.draws)", sameSettings),
    ]
    if !a.tokenizer.isEmpty, !b.tokenizer.isEmpty {
      pairs.append(("the tokenizers", a.tokenizer, b.tokenizer, sameModel))
    }
    for (what, here, there, remedy) in pairs where here != there {
      throw .different(first.path, second.path, what: what, values: [here, there], remedy: remedy)
    }
  }

  /// Refuses files with the same examples; gives a warning where a few are alike.
  private static func checkDisjoint(
    _ first: StatisticsFile, _ second: StatisticsFile, allowsOverlap: Bool
  ) throws(StatisticsError) -> String? {
    func overlap(_ reason: String, _ remedy: String) -> StatisticsError {
      .overlap(first.path, second.path, reason: reason, remedy: remedy)
    }
    var areShards = true
    for a in first.description.parts {
      for b in second.description.parts {
        guard a.examplesHash != b.examplesHash else {
          throw overlap(
            "both hold the same \(a.examples) examples (examples_sha256 \(a.examplesHash.prefix(12))…)",
            "leave one of them out")
        }
        let shards = [a, b].compactMap { Shard($0.shard) }
        let isDisjoint = a.dataHash == b.dataHash && shards.count == 2 && shards[0].isDisjoint(from: shards[1])
        areShards = areShards && isDisjoint
        guard allowsOverlap || a.dataHash != b.dataHash || isDisjoint else {
          throw overlap(
            "both are of the same data file (data_sha256 \(a.dataHash.prefix(12))…) and not different shards of one cut "
              + "(\(a.shard.isEmpty ? "no shard" : a.shard) and \(b.shard.isEmpty ? "no shard" : b.shard))",
            "estimate with --shard 1/2 and --shard 2/2, or add --allow-overlap if no row is in both")
        }
      }
    }
    guard !areShards else { return nil }
    guard let ours = first.fingerprints, let theirs = second.fingerprints else {
      return "\(first.path) and \(second.path): not both have fingerprints, so common examples would not be seen"
    }
    let common = commonCount(ours, theirs)
    let smaller = min(ours.count, theirs.count)
    // A few sentences that everybody writes are natural.
    guard common * 100 <= smaller || allowsOverlap else {
      throw overlap(
        "\(common) of the \(smaller) examples of the smaller one are in the other as well",
        "take the common examples out of one of the data files, or add --allow-overlap to count them twice")
    }
    return common == 0 ? nil : "\(first.path) and \(second.path) have \(common) of \(smaller) examples in common"
  }

  /// How many entries of the shorter of two sorted arrays are in the other.
  static func commonCount(_ a: [Int64], _ b: [Int64]) -> Int {
    let (short, long) = a.count <= b.count ? (a, b) : (b, a)
    var (place, count) = (0, 0)
    for value in short {
      while place < long.count, long[place] < value { place += 1 }
      if place < long.count, long[place] == value { count += 1 }
    }
    return count
  }
}

extension StatisticsFile {
  /// Opens one file, or several that add up; checks that they fit together.
  package static func open(_ paths: [FilePath], allowsOverlap: Bool = false) throws -> CombinedStatistics {
    try CombinedStatistics(paths.map { try StatisticsFile(path: $0) }, allowsOverlap: allowsOverlap)
  }
}
