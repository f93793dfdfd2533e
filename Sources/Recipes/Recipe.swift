import Datasets
import Estimation
import Merging
import SystemPackage

/// What to merge and how, as the user wrote it: a YAML file in mergekit's vocabulary. `docs/running.md` documents every
/// key.
package struct Recipe: Sendable {
  /// One entry of `models`.
  package struct Model: Sendable {
    /// The task's name and its directory's name in the output; the last part of `model` where it is not given.
    package var name: String
    /// A directory, relative to the recipe, or a name in the hub cache.
    package var model: String
    package var data: Data?
    /// Statistics files in place of data, relative to the recipe; several add up.
    package var statistics: [String]?
    /// Labelled examples that coefficients may be chosen by.
    package var validation: Data?
    /// Labelled examples that only the report sees.
    package var test: Data?
    /// λ of the merge.
    package var weight: Double
    /// The method's settings for this model alone.
    package var settings: [String: SettingValue] = [:]
    /// Where the entry stands, for messages.
    package var line: Int
  }

  /// The examples of a model, and how to read them.
  package struct Data: Sendable {
    package var file: String
    /// The text columns; recognised by their names where nil.
    package var columns: [String]?
    package var label: String?
    /// What the labels stand for.
    package var labels = LabelReading.recognized
    package var badRows = BadRowPolicy.error
  }

  package enum OutputType: String, Sendable, Codable, CaseIterable {
    case float32, float16, bfloat16
  }

  /// The recipe's file, for messages and for relative paths.
  package var path: FilePath
  /// The text as it was read, for the manifest and the model cards.
  package var text: String
  /// What the method says of itself.
  package var method: MethodDeclaration
  package var baseModel: String?
  package var models: [Model]
  package var settings: MethodSettings
  package var sampling: Sampling
  package var outputType: OutputType
  package var heads: HeadPolicy
  /// The published program whose arithmetic is reproduced, if any.
  package var compatibility: Compatibility?

  /// The statistics that the method weighs models by, in the order of files.
  package var statistics: [StatisticKind] { StatisticKind.named(method.statistics(settings)) }

  /// The directory that relative paths start from.
  package var directory: FilePath {
    let parent = path.removingLastComponent()
    return parent.isEmpty ? "." : parent
  }
}
