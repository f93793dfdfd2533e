import Checkpoints
import Foundation
import ModelMerging
import Planning
import Recipes
import SystemPackage

/// What a command line leads to that is going to be read: files, and directories whose files are.
enum InputPaths {
  /// The recipe and all that it names. Models that cannot be found yet are an error of the run itself.
  ///
  /// - Throws: what is wrong with the recipe, since then nobody knows what it names.
  static func of(recipe path: String) throws -> [FilePath] {
    let file = FilePath(path)
    let recipe = try Recipe(path: file, methods: MergeMethods.declarations)
    let environment = ProcessInfo.processInfo.environment
    let models = RunInputs(recipe, environment: environment).models
    let base = recipe.baseModel.flatMap {
      try? ModelReference.resolve($0, relativeTo: recipe.directory, environment: environment).directory
    }
    return [file] + [base].compactMap(\.self)
      + models.flatMap { model in
        [FilePath(model.directory)] + [model.data, model.validation, model.test].compactMap { $0?.file }
          + model.statistics.map { FilePath($0) }
      }
  }

  /// Models by directory or by name in the hub's cache.
  static func of(models names: [String]) -> [FilePath] {
    names.compactMap {
      try? ModelReference.resolve($0, relativeTo: ".", environment: ProcessInfo.processInfo.environment).directory
    }
  }
}
