import Checkpoints

/// One estimation: the examples of one run of `estimate`.
package struct StatisticsPart: Sendable, Equatable {
  package var dataHash: String
  package var examplesHash: String
  package var examples: Int
  package var tokens: Int
  /// "all", or "random N seed S".
  package var selection: String
  /// "2/3", or empty.
  package var shard: String
  /// The longest sequence in tokens.
  package var maximumLength: Int
  /// Decided the drawn rows and labels.
  package var seed: UInt64
  /// What computed it, as ``Processor/identity`` says; several, separated by " | ", where that was allowed. Empty where
  /// the file does not say.
  package var processor: String

  /// "examples a1b2c3d4e5f6 of data …"
  package var text: String {
    let which = shard.isEmpty ? "" : ", shard \(shard)"
    return "\(examples) examples (\(selection)\(which), at most \(maximumLength) tokens each), \(tokens) tokens, "
      + "of data \(dataHash.prefix(12))…"
  }

  package var json: JSON {
    [
      "data_sha256": .string(dataHash), "examples_sha256": .string(examplesHash), "examples": .integer(examples),
      "tokens": .integer(tokens), "selection": .string(selection), "shard": .string(shard),
      "max_length": .integer(maximumLength), "seed": .string("\(seed)"), "processor": .string(processor),
    ]
  }

  package init(
    dataHash: String, examplesHash: String, examples: Int, tokens: Int, selection: String = "all", shard: String = "",
    maximumLength: Int, seed: UInt64 = 0, processor: String = ""
  ) {
    (self.dataHash, self.examplesHash, self.examples, self.tokens) = (dataHash, examplesHash, examples, tokens)
    (self.selection, self.shard, self.maximumLength, self.seed) = (selection, shard, maximumLength, seed)
    self.processor = processor
  }

  /// Far above any data set, and far below where sums and products of counts overflow.
  private static let limit = 1 << 42

  init?(_ json: JSON) {
    guard let data = json["data_sha256"]?.string, let hash = json["examples_sha256"]?.string,
      let examples = json["examples"]?.integer, let tokens = json["tokens"]?.integer, examples > 0,
      tokens >= examples, tokens < Self.limit,
      let selection = json["selection"]?.string, let shard = json["shard"]?.string,
      let length = json["max_length"]?.integer, (0...1 << 20).contains(length),
      let seed = json["seed"]?.string.flatMap({ UInt64($0) }), let processor = (json["processor"] ?? "").string
    else { return nil }
    self.init(
      dataHash: data, examplesHash: hash, examples: examples, tokens: tokens, selection: selection, shard: shard,
      maximumLength: length, seed: seed, processor: processor)
  }
}
