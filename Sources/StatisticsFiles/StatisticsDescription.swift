import Checkpoints
import Encoders
import Estimation
import Foundation
import Parameters
import Terminal

/// What a statistics file says of itself: of which model, from which examples, under which expectation.
package struct StatisticsDescription: Sendable, Equatable {
  /// In the order of ``StatisticKind/all``.
  package var kinds: [StatisticKind]
  /// Whether the statistics for which that has a meaning include the task's own head.
  package var includesClassifier: Bool
  /// The name of the expectation, or `none` where no kind depends on it.
  package var expectation: String
  /// The draws for each example; 0 unless `sampled` or `sketched`.
  package var draws: Int
  /// SHA-256 of the model's weights; see ``InputHashes``.
  package var modelHash: String
  /// The identity of the tokenizer that made the examples' ids; empty where a file of version 2 does not say.
  package var tokenizer: String
  /// The model's sizes. LayerNorm's epsilon and the kind of head are not in the file.
  package var sizes: EncoderConfiguration
  /// The estimations whose sums were added, in canonical order.
  package var parts: [StatisticsPart]

  package init(
    kinds: [StatisticKind], includesClassifier: Bool, expectation: String, draws: Int, modelHash: String,
    tokenizer: String, sizes: EncoderConfiguration, parts: [StatisticsPart]
  ) {
    self.kinds = kinds
    self.includesClassifier = includesClassifier
    self.expectation = expectation
    self.draws = draws
    self.modelHash = modelHash
    self.tokenizer = tokenizer
    self.sizes = sizes
    self.parts = parts
  }

  package var examples: Int { parts.reduce(0) { $0 + $1.examples } }
  package var tokens: Int { parts.reduce(0) { $0 + $1.tokens } }

  /// One hash for the examples: the only part's own, or that of all parts' hashes, a line each, in their order.
  package var examplesHash: String { Self.joined(parts.map(\.examplesHash)) }
  package var dataHash: String { Self.joined(parts.map(\.dataHash)) }

  private static func joined(_ hashes: [String]) -> String {
    hashes.count == 1 ? hashes[0] : hexadecimalHash(of: hashes.map { $0 + "\n" }.joined())
  }

  /// "mask_fisher and gram with the classifier's"
  package var kindNames: String {
    kinds.map { includesClassifier ? $0.nameWithHead ?? $0.name : $0.name }.joined(separator: " and ")
  }

  /// Every tensor of the sums, in the order in which it is written.
  package var tensors: [StatisticTensor] { kinds.tensors(ModelLayout(of: sizes), options) }

  /// What decides the tensors.
  package var options: EstimationOptions { EstimationOptions(includesClassifier: includesClassifier) }
}

extension [StatisticKind] {
  /// The tensors of all kinds, in their order.
  package func tensors(_ layout: ModelLayout, _ options: EstimationOptions = EstimationOptions()) -> [StatisticTensor] {
    flatMap { $0.tensors(layout, options) }
  }
}

extension StatisticsDescription {
  /// What the file does not say, as files of version 2 do not; nil for nothing.
  var gap: String? {
    tokenizer.isEmpty
      ? "it was written by an earlier version of fishermerge, and does not say which tokenizer and processor it is of"
      : nil
  }

  /// The same but for what computed it.
  package func isSameWork(as other: StatisticsDescription) -> Bool {
    var other = other
    guard other.parts.count == parts.count else { return false }
    for index in parts.indices { other.parts[index].processor = parts[index].processor }
    return self == other
  }
}

extension StatisticsDescription {
  /// The metadata of a file, strings all. `sha256` is the hash of the file's data.
  func metadata(sha256: String) -> [(key: String, value: String)] {
    let seeds = Set(parts.map(\.seed))
    var pairs = [
      (key: StatisticsFile.key, value: StatisticsFile.version), ("program", "fishermerge \(Version.current)"),
      ("statistics", kinds.map(\.name).joined(separator: ",")), ("expectation", expectation),
      ("draws", "\(draws)"), ("examples", "\(examples)"), ("tokens", "\(tokens)"),
      ("seed", seeds.count == 1 ? "\(parts[0].seed)" : ""), ("model_type", sizes.modelType),
    ]
    pairs += Self.sizeKeys.map { ($0, "\(sizes[keyPath: $1])") }
    if sizes.embedding != sizes.hidden { pairs.append((Self.embeddingKey, "\(sizes.embedding)")) }
    if sizes.variant != .init() { pairs.append((Self.variantKey, Self.text(sizes.variant))) }
    return pairs + [
      ("model_sha256", modelHash), ("tokenizer_sha256", tokenizer), ("data_sha256", dataHash),
      ("examples_sha256", examplesHash),
      ("parts", JSON.array(parts.map(\.json)).serialized(indentation: nil)), ("sha256", sha256),
    ]
  }

  /// Above any encoder, and few enough that the names of all their tensors are made in no time.
  private static let mostLayers = 1 << 12

  /// Whether there are tensors that only the head's inclusion gives.
  private static func includesClassifier(
    _ kinds: [StatisticKind], _ layout: ModelLayout, _ found: Set<String>
  ) -> Bool {
    let least = Set(kinds.tensors(layout).map(\.name))
    return kinds.tensors(layout, EstimationOptions(includesClassifier: true))
      .contains { !least.contains($0.name) && found.contains($0.name) }
  }

  static let sizeKeys: [(String, WritableKeyPath<EncoderConfiguration, Int> & Sendable)] = [
    ("layers", \.layers), ("hidden", \.hidden), ("heads", \.heads), ("intermediate", \.intermediate),
    ("outputs", \.outputs), ("vocabulary", \.vocabulary), ("positions", \.positions), ("token_types", \.tokenTypes),
  ]

  /// Where tables are narrower than the layers.
  static let embeddingKey = "embedding"
  /// Where a family computes in another way than BERT: ``EncoderConfiguration/Variant`` as JSON.
  static let variantKey = "variant"

  private static func text(_ variant: EncoderConfiguration.Variant) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let bytes = try? encoder.encode(variant) else { preconditionFailure("numbers and words alone") }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads and checks the metadata of a file.
  ///
  /// - Parameter known: the kinds that a file may have.
  init(_ file: SafetensorsFile, known: [StatisticKind]) throws(StatisticsError) {
    func invalid(_ reason: String) -> StatisticsError { .invalid(file.path, reason: reason) }
    guard let version = file.metadata(StatisticsFile.key) else { throw .notStatistics(file.path) }
    guard [StatisticsFile.version, StatisticsFile.olderVersion].contains(version) else {
      throw .otherVersion(file.path, version: version)
    }
    func value<Value>(_ key: String, _ read: (String) -> Value?) throws(StatisticsError) -> Value {
      guard let text = file.metadata(key) else { throw invalid("the metadata have no \(key)") }
      guard let value = read(text) else { throw invalid("the metadata's \(key) makes no sense: \"\(text)\"") }
      return value
    }
    let stated = file.metadata("statistics") ?? ""
    for name in stated.split(separator: ",").map(String.init) where StatisticKind(named: name, among: known) == nil {
      throw invalid("it holds the statistic \"\(name)\", which this version of fishermerge does not know")
    }
    kinds = try value("statistics") { text in
      let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let kinds = names.compactMap { StatisticKind(named: $0, among: known) }
      // Each once, in one order: so equal sets are equal lists.
      return kinds.count == names.count && kinds == known.filter { kinds.contains($0) } ? kinds : nil
    }
    let needsGradients = kinds.contains(where: \.needsGradients)
    expectation = try value("expectation") { name in
      (needsGradients ? Expectation.Name(rawValue: name) != nil : name == "none") ? name : nil
    }
    let hasDraws = Expectation.Name(rawValue: expectation)?.hasDraws ?? false
    draws = try value("draws") { text in Int(text).flatMap { ($0 > 0) == hasDraws && $0 >= 0 ? $0 : nil } }
    modelHash = try value("model_sha256") { $0.isEmpty ? nil : $0 }
    let isOlder = version == StatisticsFile.olderVersion
    tokenizer = isOlder ? "" : try value("tokenizer_sha256") { $0 }
    var sizes = EncoderConfiguration(
      modelType: try value("model_type") { Family.named($0)?.modelType }, layers: 0, hidden: 0, heads: 0,
      intermediate: 0, vocabulary: 0, positions: 0, tokenTypes: 0, outputs: 0)
    func size(_ text: String, least: Int) -> Int? {
      Int(text).flatMap { (least...1 << 20).contains($0) ? $0 : nil }
    }
    for (key, path) in Self.sizeKeys {
      // Not every family has token types.
      sizes[keyPath: path] = try value(key) { size($0, least: path == \.tokenTypes ? 0 : 1) }
    }
    sizes.embedding =
      file.metadata(Self.embeddingKey) == nil ? sizes.hidden : try value(Self.embeddingKey) { size($0, least: 1) }
    // Names and shapes of all layers are made before they are looked for.
    guard sizes.layers <= Self.mostLayers else { throw invalid("\(sizes.layers) layers are more than any encoder has") }
    if file.metadata(Self.variantKey) != nil {
      sizes.variant = try value(Self.variantKey) { [sizes] text in
        let found = try? JSONDecoder().decode(EncoderConfiguration.Variant.self, from: Data(text.utf8))
        return found.flatMap { $0.isPossible(sizes) ? $0 : nil }
      }
    }
    self.sizes = sizes
    includesClassifier = Self.includesClassifier(kinds, ModelLayout(of: sizes), Set(file.tensors.map(\.name)))
    parts = try value("parts") { text in
      let array = (try? JSON(parsing: Array(text.utf8)))?.array ?? []
      let parts = array.compactMap { StatisticsPart($0) }
      return parts.isEmpty || parts.count != array.count ? nil : parts
    }
    let (examples, tokens) = (examples, tokens)
    _ = try value("examples") { Int($0) == examples ? examples : nil }
    _ = try value("tokens") { Int($0) == tokens ? tokens : nil }
  }
}
