import ArgumentParser
import Encoders
import Foundation
import Sessions
import Terminal

@main
struct Fishermerge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fishermerge",
    abstract: "Merges fine-tuned Transformer models into one, by what their data say about their weights.",
    discussion: """
      Families, by model_type: \(Family.all.map(\.modelType).joined(separator: ", ")).
      Runs as one process, or on many ranks and hosts: mpirun -np 8 fishermerge merge recipe.yaml --output merged
      Check a recipe first, without MPI and without work: fishermerge plan recipe.yaml
      """,
    version: Version.current,
    subcommands: [
      MergeCommand.self, SearchCommand.self, CompareCommand.self, PlanCommand.self, EstimateCommand.self,
      CombineCommand.self, VerifyCommand.self,
      EvaluateCommand.self,
      InspectCommand.self, MethodsCommand.self,
    ])

  /// As the library's own, but under a launcher only the first process says what is wrong with the command line.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      if !Session.isFirstProcess {
        // A launcher ends all processes as soon as one fails: the first must have spoken by then.
        if exitCode(for: error) != .success { sleep(2) }
        Foundation.exit(exitCode(for: error).rawValue)
      }
      exit(withError: error)
    }
  }
}
