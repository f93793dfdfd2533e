import ModelMerging
import Planning
import Recipes
import SystemPackage

/// A directory with the models `two` and `three` and a data file for each, to be changed by a test, and their recipe.
package struct MergeFixture {
  package let scratch: Scratch
  package var two: EditedModel
  package var three: EditedModel

  package init() throws {
    scratch = try Scratch()
    (two, three) = (try EditedModel("two"), try EditedModel("three"))
    try scratch.write("two.jsonl", SyntheticText.jsonLines(examples: 40, classes: 2, seed: 2))
    try scratch.write("three.jsonl", SyntheticText.jsonLines(examples: 30, classes: 3, seed: 3))
  }

  /// The path of something in the directory.
  package func path(_ name: String) -> FilePath { scratch.path.appending(name) }

  /// Plans the merge of both, without a hub cache.
  @discardableResult
  package func plan(
    method: String = "mask_fisher", parameters: String = "", weight: String = "1", more: String = ""
  ) throws -> (plan: Plan, inputs: Inputs) {
    try two.write("two", in: scratch)
    try three.write("three", in: scratch)
    return try planAsWritten(method: method, parameters: parameters, weight: weight, more: more)
  }

  /// Plans with whatever models lie in the directory.
  @discardableResult
  package func planAsWritten(
    method: String = "mask_fisher", parameters: String = "", weight: String = "1", more: String = ""
  ) throws -> (plan: Plan, inputs: Inputs) {
    let recipe = try scratch.write(
      "recipe.yaml",
      """
      merge_method: \(method)
      models:
        - {model: two, data: two.jsonl, parameters: {weight: \(weight)}}
        - {model: three, data: three.jsonl}
      parameters: {\(parameters)}
      \(more)
      """)
    return try Planner.plan(
      Recipe(path: recipe, methods: MergeMethods.declarations), environment: [:])
  }
}
