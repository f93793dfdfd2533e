import Recipes
import SystemPackage

/// What is read of and for one model.
package struct ModelInputs: Codable {
  package let directory: String
  let name: String
  /// As the user wrote it.
  let reference: String
  let weight: Double
  package var data: DataSource?
  /// In place of data.
  package var statistics: [String] = []
  package var validation: DataSource?
  package var test: DataSource?

  package init(_ directory: FilePath, name: String? = nil, reference: String, data: DataSource?) {
    self.directory = directory.string
    // A directory's name may be as long as a file's, and files of checkpoints are named after it.
    self.name = name ?? String((directory.lastComponent?.string ?? reference).unicodeScalars.prefix(45))
    self.reference = reference
    self.data = data
    weight = 1
  }

  init(_ model: Recipe.Model, of recipe: Recipe, directory: FilePath) {
    func source(_ data: Recipe.Data?) -> DataSource? { data.map { DataSource($0, relativeTo: recipe.directory) } }
    self.directory = directory.string
    (name, reference, weight) = (model.name, model.model, model.weight)
    if recipe.method.needsData || recipe.heads == .resolve { data = source(model.data) }
    if recipe.method.needsData {
      statistics = (model.statistics ?? []).map { recipe.directory.pushing(FilePath($0)).string }
    }
    validation = source(model.validation)
    test = source(model.test)
  }
}
