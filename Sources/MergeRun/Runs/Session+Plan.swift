import Parameters
import Checkpoints
import Encoders
import Foundation
import Merging
import MessagePassing
import SystemPackage

extension Session {
  /// Says what will be done, on the root.
  ///
  /// - Parameter searches: whether coefficients will be found, so that the recipe's are not looked at.
  func announce(_ planner: Planner, searches: Bool = false) {
    let plan = planner.plan
    if let compatibility = plan.compatibility { console.warn(compatibility.notice) }
    console.note("\(plan.method.rawValue): \(describe(plan))")
    for (model, source) in zip(plan.models, planner.sources) {
      if searches, model.weight != 1 {
        console.note("\(model.name): the weight \(significant(model.weight)) is not looked at; the search finds one")
      }
      if model.weight == 0, !searches {
        console.warn("\(model.name) has weight 0: its encoder does not influence the merge")
      }
      if plan.heads == .merge, MergedHeads.namesAreDefaults(source.model) {
        console.warn(
          "\(model.name) has no names for its labels but LABEL_0 and so on: check that the same number means the same")
      }
      if let data = model.data {
        let truncated = data.truncated > 0 ? ", \(data.truncated) of them truncated" : ""
        console.note(
          "\(model.name): \(data.examples) of \(data.rows) examples in \(data.blocks) blocks, \(data.tokens) tokens\(truncated)"
        )
      } else if let statistics = model.statistics {
        console.note(
          "\(model.name): statistics of \(statistics.examples) examples from \(statistics.files.joined(separator: ", "))"
        )
        for warning in statistics.warnings { console.warn("\(model.name): \(warning)") }
      }
    }
  }
}

extension Session {
  /// Plans a merge, all ranks reading the inputs together.
  ///
  /// - Parameters:
  ///   - prepare: on the root, checks what can be checked before the inputs, and gives the recipe.
  ///   - check: on the root, checks what comes of it.
  /// - Returns: what the root has opened; nil elsewhere.
  ///
  /// **Collective.** What the user has got wrong is said without a rank, whichever found it.
  func plan(
    _ prepare: () throws -> Recipe, check: (PreparedMerge) throws -> Void = { _ in }
  ) throws -> PreparedMerge? {
    let environment = ProcessInfo.processInfo.environment
    let recipe = try communicator.agreeOnRoot(in: "planning", namesRank: false) {
      let recipe = try prepare()
      try Planner.check(recipe)
      return recipe
    }
    let inputs = recipe.map { RunInputs($0, environment: environment) }
    return try SharedInputs(communicator: communicator, console: console).read(inputs) { next in
      guard let recipe else { preconditionFailure("the root has the recipe") }
      let prepared = PreparedMerge(
        recipe: recipe, planner: try Planner(recipe, environment: environment, read: next))
      try check(prepared)
      return prepared
    }
  }
}
