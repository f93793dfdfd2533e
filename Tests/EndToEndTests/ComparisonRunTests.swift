import Checkpoints
import Foundation
import TestSupport
import Testing

extension Program {
  /// A recipe whose models have validation and test files too.
  func searchRecipe(
    _ method: String, _ tasks: [String] = ["two", "three", "five"], validation: Bool = true
  ) throws {
    for (name, classes) in [("two", 2), ("three", 3), ("five", 5)] {
      for (suffix, seed) in [("validation", 20), ("test", 30)] {
        try scratch.write(
          "\(name)-\(suffix).jsonl",
          SyntheticText.jsonLines(examples: 40, classes: classes, seed: UInt64(classes + seed)))
      }
    }
    let entries = tasks.map { task in
      "  - {name: \(task), model: \(Program.model(task)), data: \(task).jsonl, test: \(task)-test.jsonl"
        + (validation ? ", validation: \(task)-validation.jsonl}" : "}")
    }
    try scratch.write(
      "recipe.yaml", "merge_method: \(method)\nmodels:\n\(entries.joined(separator: "\n"))\n")
  }
}

extension ProgramTests {
  /// Comparisons of all methods, as a user runs them.
  @Suite("Comparisons", .serialized)
  struct ComparisonRunTests {
    @Test("a comparison scores every method on all pairs and all tasks, the same on any number of ranks")
    func compare() throws {
      let program = try Program(examples: 30)
      var expected: JSON?
      for (ranks, name, method) in [(nil, "plain", "fisher"), (3, "on-3", "linear")] as [(Int?, String, String)] {
        // The recipe's method is not looked at.
        try program.searchRecipe(method)
        let text = try String(contentsOfFile: program.path("recipe.yaml").string, encoding: .utf8)
        try program.scratch.write("recipe.yaml", "heads: resolve\n" + text)
        try program.scratch.write(
          "others.json",
          #"[{"name": "training", "processor_seconds": 9.5, "scores": {"two": 0.5, "three": 0.25, "five": 1}}]"#)
        try program.succeed(
          ["compare", "recipe.yaml", "--trials", "3", "--others", "others.json", "-o", name], ranks: ranks)
        let results = try program.json("\(name)/results.json")
        let merges = try #require(results["merges"]?.array)
        // Three pairs and one of all, thirteen methods; the three that merge in forward order have no search.
        #expect(merges.count == 4 * 13 && merges.count { $0["search"] != nil } == 4 * 10)
        let scores = JSON.array(
          merges.map {
            ["a": $0["scores"] ?? .null, "b": $0["search"]?["scores"] ?? .null, "c": $0["resolved_scores"] ?? .null]
          })
        #expect(merges.allSatisfy { $0["resolved_scores"]?.array?.count == $0["scores"]?.array?.count })
        #expect(merges.contains { $0["resolved_scores"] != $0["scores"] })
        #expect(
          merges.allSatisfy { ($0["processor_seconds"]?.double ?? 0) > ($0["merge_seconds"]?.double ?? 0) - 1e-9 })
        #expect(results["others"]?.array?.first?["scores"]?.array?.map(\.double) == [0.5, 0.25, 1])
        if let expected { #expect(scores == expected) }
        expected = scores
        let table = try String(contentsOfFile: program.path("\(name)/results.md").string, encoding: .utf8)
        #expect(table.contains("| RegMean++, α 0.9 |") && table.contains("**All 3 pairs**"))
        #expect(
          table.contains("| … heads solved anew |") && table.contains("| training | 58.3 | 50.0 | 25.0 | 100.0 |"))
        let picture = try String(contentsOfFile: program.path("\(name)/quality.svg").string, encoding: .utf8)
        #expect(picture.hasPrefix("<svg ") && picture.contains(">training</text>"))
      }
    }

    @Test("results of other programs that cannot be read are refused before any work")
    func others() throws {
      let program = try Program(examples: 5)
      try program.searchRecipe("fisher")
      for (text, problem) in [
        ("{}", "it is no list"), (#"[{"name": "a", "processor_seconds": 0, "scores": {}}]"#, "no positive number"),
        (#"[{"name": "a", "processor_seconds": 1, "scores": {"two": 1}}]"#, "for three"),
      ] {
        try program.scratch.write("others.json", text)
        let refused = try program.run(["compare", "recipe.yaml", "--others", "others.json", "-o", "x"], ranks: 2)
        #expect(refused.status == 65 && refused.messages == 1 && refused.errors.contains(problem), "\(refused)")
      }
    }
  }
}
