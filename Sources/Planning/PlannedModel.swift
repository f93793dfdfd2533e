import Checkpoints
import Datasets
import Encoders
import Estimation
import Recipes
import StatisticsFiles
import SystemPackage

/// One model of a plan, and the examples that its statistics are estimated from.
package struct PlannedModel: Codable, Sendable {
  package var name: String
  /// As the user wrote it.
  package var reference: String
  package var directory: String
  package var weight: Double
  package var configuration: EncoderConfiguration
  /// Identifies the weight files without reading them whole, for other ranks to compare with what they see.
  package var files: [FileIdentity]
  /// SHA-256 of the weight files and of `config.json`, in hexadecimal, read by the root alone.
  package var sha256: [String]
  package var data: PlannedData?
  /// The identity of its tokenizer.
  package var tokenizer = ""
  /// What is odd about its directory, for the user.
  package var notes: [String] = []
  /// In place of data.
  package var statistics: PlannedStatistics?
  package var validation: PlannedData?
  package var test: PlannedData?

  /// A weight file by its name, size and the hash of its header.
  package struct FileIdentity: Codable, Sendable, Equatable {
    package var name: String
    package var bytes: Int
    package var header: String
  }
}

/// The base that differences are taken from, for the other ranks.
package struct PlannedBase: Codable, Sendable {
  package var directory: String
  package var files: [PlannedModel.FileIdentity]
  /// SHA-256 of its files, in hexadecimal.
  package var sha256: [String]
}

/// Statistics that were estimated before.
package struct PlannedStatistics: Codable, Sendable {
  package var files: [String]
  package var expectation: String
  package var examples: Int
  package var tokens: Int
  /// SHA-256 of each file's sums, in hexadecimal.
  package var sha256: [String]
  /// What is odd about them, for the user.
  package var warnings: [String]
}

/// The examples chosen from one data file.
package struct PlannedData: Codable, Sendable {
  package var file: String
  /// Rows in the file, rows chosen, their tokens, and how many were truncated.
  package var rows: Int
  package var examples: Int
  package var tokens: Int
  package var truncated: Int
  /// Σ of squared lengths, for the predicted work of the attention.
  package var squaredLengths: Int
  package var blocks: Int
  package var longest: Int
  /// To how many tokens examples are cut.
  package var maximumLength: Int
  /// SHA-256 of the tokenised examples with their labels.
  package var digest: String
  /// The rows that were met and left out; nil where there are none.
  package var skipped: SkippedRows?
}

extension PlannedModel {
  package init(_ inputs: ModelInputs, _ model: StoredModel, sha256: [String], data: PlannedData?) {
    self.init(
      name: inputs.name, reference: inputs.reference, directory: inputs.directory, weight: inputs.weight,
      configuration: model.configuration, files: model.files.identities, sha256: sha256, data: data)
  }
}

extension PlannedStatistics {
  init(_ statistics: CombinedStatistics, files: [String], of kinds: [StatisticKind]) {
    self.init(
      files: files, expectation: kinds.contains(where: \.needsGradients) ? statistics.description.expectation : "none",
      examples: statistics.examples, tokens: statistics.tokens,
      sha256: statistics.files.compactMap { $0.file.metadata("sha256") }, warnings: statistics.warnings)
  }
}

extension PlannedData {
  /// Which rows were left out, in words; nil where none were.
  package var skippedText: String? { skipped.map { "\(file): \($0.text)" } }

  /// The same for JSON: kind → count.
  package var skippedJSON: JSON {
    .object((skipped?.byKind ?? []).map { JSON.Member(key: $0.kind.rawValue, value: .integer($0.count)) })
  }

  init(
    _ file: FilePath, _ examples: TokenizedExamples, maximumLength: Int, skipped: SkippedRows = SkippedRows(),
    _ compatibility: Compatibility? = nil, _ sampling: Sampling = Sampling()
  ) {
    let blocks = Plan.blocks(of: examples, compatibility, sampling)
    let lengths = blocks.flatMap { $0 }.map { examples.length($0) }
    self.init(
      file: file.string, rows: examples.fileRowCount, examples: lengths.count, tokens: lengths.reduce(0, +),
      truncated: examples.truncatedCount, squaredLengths: lengths.reduce(0) { $0 + $1 * $1 }, blocks: blocks.count,
      longest: lengths.max() ?? 0, maximumLength: maximumLength, digest: examples.digest,
      skipped: skipped.total > 0 ? skipped : nil)
  }
}
