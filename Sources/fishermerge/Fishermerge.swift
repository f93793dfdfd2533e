import ArgumentParser
import MergeRun

@main
struct Fishermerge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fishermerge",
    abstract: "Merges fine-tuned Transformer models into one, by what their data say about their weights.",
    discussion: """
      Runs as one process, or on many ranks and hosts: mpirun -np 8 fishermerge merge recipe.yaml --output merged
      Check a recipe first, without MPI and without work: fishermerge plan recipe.yaml
      """,
    version: Version.current,
    subcommands: [MergeCommand.self, PlanCommand.self, EstimateCommand.self, EvaluateCommand.self, InspectCommand.self])
}
