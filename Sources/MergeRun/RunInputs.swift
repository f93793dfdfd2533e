import Checkpoints
import Datasets
import Estimation
import Foundation
import SystemPackage

/// Everything that a run will read, as strings: made by the root from the recipe, and the same on every rank.
struct RunInputs: Codable {
  var models: [ModelInputs]
  var sampling: Sampling
  var compatibility: Compatibility?
  /// What the statistics files have to hold; nil for a method that needs none.
  var statistic: StatisticKind?
  /// Whether labels are needed whatever the expectation, and nothing is written that would have to say what was read.
  var isEvaluation = false
  /// The models that were not found, with the reason. On the root alone: the other ranks find nothing under an empty path.
  var unresolved: [Int: ModelReferenceError] = [:]

  private enum CodingKeys: CodingKey { case models, sampling, compatibility, statistic, isEvaluation }

  init(models: [ModelInputs], sampling: Sampling, isEvaluation: Bool = false) {
    self.models = models
    self.sampling = sampling
    self.isEvaluation = isEvaluation
  }

  /// Finds the models of a recipe. One that is not found is an error when it is its turn to be read.
  init(_ recipe: Recipe, environment: [String: String]) {
    self.init(models: [], sampling: recipe.sampling)
    compatibility = recipe.compatibility
    statistic = recipe.method.statistic
    for (index, model) in recipe.models.enumerated() {
      var directory = FilePath()
      do throws(ModelReferenceError) {
        let found = try ModelReference.resolve(model.model, relativeTo: recipe.directory, environment: environment)
        directory = found.directory
      } catch { unresolved[index] = error }
      models.append(ModelInputs(model, of: recipe, directory: directory))
    }
  }
}

/// What is read of and for one model.
struct ModelInputs: Codable {
  let directory: String
  let name: String
  /// As the user wrote it.
  let reference: String
  let weight: Double
  var data: DataSource?
  /// In place of data.
  var statistics: [String] = []
  var validation: DataSource?
  var test: DataSource?

  init(_ directory: FilePath, name: String? = nil, reference: String, data: DataSource?) {
    self.directory = directory.string
    self.name = name ?? directory.lastComponent?.string ?? reference
    self.reference = reference
    self.data = data
    weight = 1
  }

  init(_ model: Recipe.Model, of recipe: Recipe, directory: FilePath) {
    func source(_ data: Recipe.Data?) -> DataSource? { data.map { DataSource($0, relativeTo: recipe.directory) } }
    self.directory = directory.string
    (name, reference, weight) = (model.name, model.model, model.weight)
    if recipe.method != .linear {
      data = source(model.data)
      statistics = (model.statistics ?? []).map { recipe.directory.pushing(FilePath($0)).string }
    }
    validation = source(model.validation)
    test = source(model.test)
  }
}

/// A data file and how to read it.
package struct DataSource: Codable {
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

  private enum CodingKeys: CodingKey { case file, columns, label }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    file = FilePath(try values.decode(String.self, forKey: .file))
    columns = try values.decodeIfPresent([Column].self, forKey: .columns)
    label = try values.decodeIfPresent(Column.self, forKey: .label)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(file.string, forKey: .file)
    try values.encodeIfPresent(columns, forKey: .columns)
    try values.encodeIfPresent(label, forKey: .label)
  }
}
