import Checkpoints
import Foundation
import ModelMerging
import Planning
import Recipes
import Sessions
import Terminal

extension Session {
  /// Plans a merge, all ranks reading the inputs together.
  ///
  /// - Parameters:
  ///   - allowsSites: whether examples may stay where rank 0 does not see them.
  ///   - prepare: on the root, checks what can be checked before the inputs, and gives the recipe.
  ///   - check: on the root, checks what comes of it.
  /// **Collective.** What the user has got wrong is said without a rank, whichever found it.
  func plan(
    allowsSites: Bool = false, _ prepare: () throws -> Recipe, check: (RootInputs) throws -> Void = { _ in }
  ) throws -> PlannedInputs {
    let environment = ProcessInfo.processInfo.environment
    let recipe = try communicator.agreeOnRoot(in: "planning", namesRank: false) {
      let recipe = try prepare()
      try Planner.check(recipe)
      return recipe
    }
    let inputs = recipe.map { RunInputs($0, environment: environment) }
    let base = recipe.flatMap { recipe in
      recipe.baseModel.flatMap { name in
        try? ModelReference.resolve(name, relativeTo: recipe.directory, environment: environment).directory
      }
    }
    let stamps = inputs.map { InputStamps($0, base: base) }
    let hosts = allowsSites ? places.map(\.host) : nil
    let outcome = try SharedInputs(communicator: communicator, console: console, hosts: hosts).read(inputs) { next in
      guard let recipe, let stamps else { preconditionFailure("the root has the recipe") }
      let (plan, inputs) = try Planner.plan(recipe, environment: environment, read: next)
      let root = RootInputs(recipe: recipe, plan: plan, inputs: inputs, stamps: stamps)
      try check(root)
      return root
    }
    return PlannedInputs(root: outcome.value, sites: try RunSites(outcome.sites, outcome.own, self))
  }

  /// Says what will be done, on the root.
  ///
  /// - Parameter searches: whether coefficients will be found, so that the recipe's are not looked at.
  func announce(_ plan: Plan, _ inputs: Inputs, searches: Bool = false) {
    if let compatibility = plan.compatibility { console.warn(compatibility.notice) }
    console.note("\(plan.method?.method ?? ""): \(plan.text)")
    for (planned, model) in zip(plan.models, inputs.models) {
      if searches, planned.weight != 1 {
        console.note(
          "\(planned.name): the weight \(significant(planned.weight)) is not looked at; the search finds one")
      }
      for note in planned.notes { console.note("\(planned.name): \(note)") }
      if planned.weight == 0, !searches {
        console.warn("\(planned.name) has weight 0: its encoder does not influence the merge")
      }
      if plan.heads == .merge, MergedHeads.namesAreDefaults(model) {
        console.warn(
          "\(planned.name) has no names for its labels but LABEL_0 and so on: check that the same number means the same"
        )
      }
      if let data = planned.data {
        let truncated = data.truncated > 0 ? ", \(data.truncated) of them cut to \(data.maximumLength)" : ""
        console.note(
          "\(planned.name): \(data.examples) of \(data.rows) examples in \(data.blocks) blocks, \(data.tokens) tokens\(truncated)"
        )
        warnOfSkipped(data, of: planned.name)
      } else if let statistics = planned.statistics {
        console.note(
          "\(planned.name): statistics of \(statistics.examples) examples from \(statistics.files.joined(separator: ", "))"
        )
        for warning in statistics.warnings { console.warn("\(planned.name): \(warning)") }
      }
      for data in [planned.validation, planned.test] { warnOfSkipped(data, of: planned.name) }
    }
  }

  /// Says which rows of a data file were left out, on the root.
  func warnOfSkipped(_ data: PlannedData?, of name: String) {
    if let data, let text = data.skippedText { console.warn("\(name): \(text)") }
  }
}
