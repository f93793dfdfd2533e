import Checkpoints
import Estimation
import Recipes
import SystemPackage

/// Everything that a run will read, as strings: made by the root from the recipe, and the same on every rank.
package struct RunInputs: Codable {
  package var models: [ModelInputs]
  var sampling: Sampling
  var compatibility: Compatibility?
  /// What the statistics files have to hold; empty for a method that needs none.
  var statistics: [StatisticKind] = []
  /// By a statistic's name, the setting by which the method would do without it.
  var settingsWithout: [String: String] = [:]
  /// Whether labels are needed whatever the expectation, and nothing is written that would have to say what was read.
  var isEvaluation = false
  /// The models that were not found, with the reason. On the root alone: the other ranks find nothing under an empty
  /// path.
  var unresolved: [Int: ModelReferenceError] = [:]

  private enum CodingKeys: CodingKey { case models, sampling, compatibility, statistics, settingsWithout, isEvaluation }

  package init(models: [ModelInputs], sampling: Sampling, isEvaluation: Bool = false) {
    self.models = models
    self.sampling = sampling
    self.isEvaluation = isEvaluation
  }

  /// Finds the models of a recipe. One that is not found is an error when it is its turn to be read.
  package init(_ recipe: Recipe, environment: [String: String]) {
    self.init(models: [], sampling: recipe.sampling)
    compatibility = recipe.compatibility
    statistics = recipe.statistics
    for kind in statistics {
      settingsWithout[kind.name] = recipe.method.setting(without: kind.name, from: recipe.settings)
    }
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
