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
