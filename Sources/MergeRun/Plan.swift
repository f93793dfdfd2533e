import Checkpoints
import Crypto
import Datasets
import Encoders
import Estimation
import Foundation
import Merging

/// All that a run will do, decided before any work: immutable, complete, and the same on all ranks.
///
/// The root makes it by opening and checking every file; the others get it by broadcast and compare its hash.
package struct Plan: Codable, Sendable {
  /// Changes whenever the numbers that a plan stands for could change.
  static let currentVersion = 4

  package var version = Plan.currentVersion
  package var method: Recipe.Method
  package var rule: MergeRule
  package var preset: MergePreset?
  package var sampling: Sampling
  package var statistics: [StatisticKind]
  package var outputType: Recipe.OutputType
  package var heads: Recipe.Heads = .keep
  package var compatibility: Compatibility?
  package var models: [PlannedModel]

  /// Blocks of at most so many tokens: enough rows for the products to run near their best speed, few enough that the
  /// activations of a BERT-base block stay below 400 MB.
  package static let blockTokens = 512
  /// And of at most so many examples.
  package static let blockExamples = 64

  /// SHA-256 of all that decides the numbers, in hexadecimal: the same for the same work, wherever the files are.
  package func hash() throws -> String {
    var work = self
    for index in work.models.indices {
      work.models[index].reference = ""
      work.models[index].directory = ""
      work.models[index].data?.file = ""
      work.models[index].statistics?.files = []
      work.models[index].statistics?.warnings = []
      work.models[index].validation?.file = ""
      work.models[index].test = nil
    }
    return SHA256.hash(data: try work.encoded()).hexadecimal
  }

  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}

/// A statistic that can be estimated.
package enum StatisticKind: String, Codable, Sendable, CaseIterable {
  case maskFisher = "mask-fisher"
  case fisher
  case gram

  /// Whether it squares gradients, so that the expectation matters.
  package var needsGradients: Bool { self != .gram }
}

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
}
