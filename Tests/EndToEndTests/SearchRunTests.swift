import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

extension ProgramTests {
  /// Searches, merges from statistics files and merged heads, as a user runs them.
  @Suite("Searches", .serialized)
  struct SearchRunTests {
    @Test(
      "a search has the same result on any number of ranks", arguments: ["mask_fisher", "fisher", "regmean", "linear"])
    func sameBits(method: String) throws {
      let program = try Program(examples: 60)
      try program.searchRecipe(method)
      let command = ["search", "../recipe.yaml", "--trials", "5", "--output", "merged"]
      try program.succeed(command, in: "plain")
      let expected = try program.scratch.files(below: "plain/merged")
      #expect(expected.keys.contains("report.html") && expected.keys.contains("search.json"))
      let search = try program.json("plain/merged/search.json")
      let trials = try #require(search["trials"]?.array)
      #expect(trials.count == 6)
      let means = trials.compactMap { $0["mean"]?.double }
      let best = try #require(search["best"]?.integer)
      #expect(means[best] == means.max())
      for ranks in [2, 3, 5] {
        try program.succeed(command, ranks: ranks, in: "on-\(ranks)")
        let found = try program.scratch.files(below: "on-\(ranks)/merged")
        for (file, bytes) in expected where !["manifest.json", "report.html"].contains(file) {
          #expect(found[file] == bytes, "\(file) on \(ranks) ranks")
        }
        #expect(found.keys.sorted() == expected.keys.sorted())
      }
      // Nothing is left beside the output.
      let left = try FileManager.default.contentsOfDirectory(atPath: program.path("plain").string)
      #expect(left == ["merged"])
    }

    @Test("the merge by the coefficients that a search found is what the search wrote")
    func repeated() throws {
      let program = try Program(examples: 60)
      try program.searchRecipe("fisher", ["two", "three"])
      try program.succeed(["search", "recipe.yaml", "--trials", "4", "-o", "found"])
      let search = try program.json("found/search.json")
      let best = try #require(search["trials"]?.array?[search["best"]?.integer ?? 0]["coefficients"]?.array)
      // Four points of the grid, and equal coefficients.
      #expect(search["trials"]?.array?.count == 5)
      let text = try String(contentsOfFile: program.path("recipe.yaml").string, encoding: .utf8)
      let parts = text.split(separator: "}\n").enumerated().map { index, line in
        "\(line), parameters: {weight: \(best[index].double ?? 0)}}\n"
      }
      try program.scratch.write("again.yaml", parts.joined())
      try program.succeed(["merge", "again.yaml", "-o", "again"])
      let (a, b) = (try program.scratch.files(below: "found"), try program.scratch.files(below: "again"))
      for name in ["backbone", "two", "three"] {
        #expect(a["\(name)/model.safetensors"] == b["\(name)/model.safetensors"], "\(name)")
      }
      // And the scores are those that `evaluate` gives.
      let scores = try program.json("found/manifest.json")["scores"]
      for task in ["two", "three"] {
        try program.succeed(
          ["evaluate", "--model", "found/\(task)", "--data", "\(task)-test.jsonl", "--json", "evaluated.json"])
        let value = try program.json("evaluated.json")["value"]?.double
        #expect(value != nil && scores?["merged"]?[task]?["accuracy"]?.double == value)
      }
    }

    @Test("settings are searched before coefficients, and the merge by what was found is what the search wrote")
    func settings() throws {
      let program = try Program(examples: 40)
      try program.searchRecipe("regmean")
      let command = [
        "search", "../recipe.yaml", "--parameter", "off-diagonal=0,0.5,1", "--parameter", "bias=mean,joint", "--trials",
        "3", "--output", "found",
      ]
      try program.succeed(command, in: "plain")
      let search = try program.json("plain/found/search.json")
      let settings = try #require(search["settings"]?.array)
      #expect(settings.count == 6 && search["trials"]?.array?.count == 4)
      let means = settings.compactMap { $0["mean"]?.double }
      let best = try #require(search["best_settings"]?.integer)
      #expect(means.count == 6 && means[best] == means.max() && means.firstIndex(of: means[best]) == best)
      #expect(Set(means).count > 1, "or the test could not tell")
      try program.succeed(command, ranks: 3, in: "on-3")
      let (alone, together) = (
        try program.scratch.files(below: "plain/found"), try program.scratch.files(below: "on-3/found")
      )
      for (file, bytes) in alone where !["manifest.json", "report.html"].contains(file) {
        #expect(together[file] == bytes, "\(file)")
      }
      // The recipe with these settings and coefficients.
      let text = try String(contentsOfFile: program.path("recipe.yaml").string, encoding: .utf8)
      let trial = try #require(search["trials"]?.array?[search["best"]?.integer ?? 0]["coefficients"]?.array)
      let parts = text.split(separator: "}\n").enumerated().map { index, line in
        "\(line), parameters: {weight: \(trial[index].double ?? 0)}}\n"
      }
      let chosen = try #require(settings[best]["parameters"])
      try program.scratch.write(
        "again.yaml",
        parts.joined() + "parameters: {off_diagonal: \(chosen["off_diagonal"]?.string ?? ""), "
          + "bias: \(chosen["bias"]?.string ?? "")}\n")
      try program.succeed(["merge", "again.yaml", "-o", "again"])
      let again = try program.scratch.files(below: "again")
      #expect(again["two/model.safetensors"] == alone["two/model.safetensors"])
      // Each score is that of the merge that it says.
      let other = best == 0 ? 5 : 0
      let tried = try #require(settings[other]["parameters"])
      try program.scratch.write(
        "other.yaml",
        text
          + "parameters: {off_diagonal: \(tried["off_diagonal"]?.string ?? ""), bias: \(tried["bias"]?.string ?? "")}\n"
      )
      try program.succeed(["merge", "other.yaml", "-o", "other"])
      try program.succeed(
        ["evaluate", "--model", "other/two", "--data", "two-validation.jsonl", "--json", "evaluated.json"])
      let value = try program.json("evaluated.json")["value"]?.double
      #expect(value != nil && settings[other]["scores"]?.array?.first?.double == value)
    }

    @Test(
      "settings of merges in forward order are searched by all ranks together", arguments: ["distill", "regmean++"])
    func layerwise(method: String) throws {
      let program = try Program(examples: 20)
      try program.searchRecipe(method, ["two", "three"])
      let key = ["distill": "row_ridge=0,0.5", "regmean++": "off_diagonal=0.5,1"][method] ?? ""
      let command = ["search", "../recipe.yaml", "--parameter", key, "--trials", "0", "--output", "found"]
      try program.succeed(command, in: "plain")
      try program.succeed(command, ranks: 3, in: "on-3")
      let (alone, together) = (
        try program.scratch.files(below: "plain/found"), try program.scratch.files(below: "on-3/found")
      )
      for (file, bytes) in alone where !["manifest.json", "report.html"].contains(file) {
        #expect(together[file] == bytes, "\(file)")
      }
      let search = try program.json("plain/found/search.json")
      #expect(search["settings"]?.array?.count == 2 && search["trials"]?.array?.count == 1)
      let best = try #require(search["settings"]?.array?[search["best_settings"]?.integer ?? 0]["parameters"])
      let name = String(key.prefix { $0 != "=" })
      let text = try String(contentsOfFile: program.path("recipe.yaml").string, encoding: .utf8)
      try program.scratch.write("again.yaml", text + "parameters: {\(name): \(best[name]?.string ?? "")}\n")
      try program.succeed(["merge", "again.yaml", "-o", "again"])
      #expect(try program.scratch.files(below: "again")["two/model.safetensors"] == alone["two/model.safetensors"])
    }

    @Test("a search judges the heads that it writes: those merged by the coefficients of the trial")
    func mergedHeads() throws {
      let program = try Program(examples: 30)
      try program.searchRecipe("linear", ["three"])
      var other = try EditedModel("three")
      other["classifier.weight"] = other["classifier.weight"].map { -0.5 * $0 }
      try other.write("other", in: program.scratch)
      // By the recipe's own coefficients the merged head would have the opposite sign of that by most others.
      let entries = [("a", Program.model("three"), 0.1), ("b", "other", 0.9)].map { name, model, weight in
        "  - {name: \(name), model: \(model), validation: three-validation.jsonl, test: three-test.jsonl, "
          + "parameters: {weight: \(weight)}}\n"
      }
      try program.scratch.write("recipe.yaml", "merge_method: linear\nheads: merge\nmodels:\n\(entries.joined())")
      try program.succeed(["search", "recipe.yaml", "--trials", "7", "-o", "found"])
      let search = try program.json("found/search.json")
      let best = try #require(search["trials"]?.array?[search["best"]?.integer ?? 0])
      #expect((best["coefficients"]?.array?.first?.double ?? 0) > 0.2, "or the test could not tell")
      let merged = try program.json("found/manifest.json")["scores"]?["merged"]
      for (index, task) in ["a", "b"].enumerated() {
        let scores = [
          ("validation", best["scores"]?.array?[index].double), ("test", merged?[task]?["accuracy"]?.double),
        ]
        for (split, score) in scores {
          try program.succeed(
            ["evaluate", "--model", "found/\(task)", "--data", "three-\(split).jsonl", "--json", "evaluated.json"])
          let value = try program.json("evaluated.json")["value"]?.double
          #expect(value != nil && value == score, "\(task) \(split)")
        }
      }
    }

    @Test(
      "a merge from statistics files is the merge from data, bit for bit",
      arguments: ["mask_fisher", "fisher", "regmean"])
    func fromFiles(method: String) throws {
      let program = try Program(examples: 60)
      try program.recipe(method)
      try program.succeed(["merge", "recipe.yaml", "-o", "from-data"])
      let kind = ["mask_fisher": "mask_fisher", "fisher": "fisher", "regmean": "gram"][method] ?? ""
      var entries: [String] = []
      for task in ["two", "three", "five"] {
        try program.succeed([
          "estimate", "--model", Program.model(task), "--data", "\(task).jsonl", "--statistic", kind, "-o",
          "\(task).safetensors",
        ])
        entries.append("  - {name: \(task), model: \(Program.model(task)), statistics: \(task).safetensors}")
      }
      try program.scratch.write("files.yaml", "merge_method: \(method)\nmodels:\n\(entries.joined(separator: "\n"))\n")
      for (ranks, name) in [(nil, "from-files"), (2, "on-2"), (3, "on-3")] as [(Int?, String)] {
        try program.succeed(["merge", "files.yaml", "-o", name], ranks: ranks)
        let (a, b) = (try program.scratch.files(below: "from-data"), try program.scratch.files(below: name))
        for part in ["backbone", "two", "three", "five"] {
          #expect(a["\(part)/model.safetensors"] == b["\(part)/model.safetensors"], "\(part) \(name)")
        }
      }
      // A flipped bit is found before any work.
      var bytes = try Data(contentsOf: URL(fileURLWithPath: program.path("two.safetensors").string))
      bytes[bytes.count - 100] ^= 1
      try program.scratch.write("two.safetensors", bytes: bytes)
      let damaged = try program.run(["merge", "files.yaml", "-o", "damaged"], ranks: 2)
      #expect(damaged.status == 65 && damaged.messages == 1 && damaged.errors.contains("was damaged"), "\(damaged)")
      // Statistics of another model are refused by name.
      try program.scratch.write(
        "wrong.yaml",
        "merge_method: \(method)\nmodels:\n\(entries[1].replacing("three.safetensors", with: "five.safetensors"))\n\(entries[2])\n"
      )
      let refused = try program.run(["merge", "wrong.yaml", "-o", "wrong"])
      #expect(
        refused.status == 65 && refused.messages == 1 && refused.errors.contains("five.safetensors"), "\(refused)")
    }

    @Test("heads with the same labels are merged by name", arguments: [nil, 2] as [Int?])
    func heads(ranks: Int?) throws {
      let program = try Program(examples: 30)
      // The same model twice, once with its labels in another order: the merged head is the model's own, in each one's
      // order.
      var turned = try EditedModel("three")
      let order = [2, 0, 1]
      let names = try StoredLabels.of("three")
      turned["classifier.weight"] = order.flatMap { row in turned["classifier.weight"][row * 18..<(row + 1) * 18] }
      turned["classifier.bias"] = order.map { turned["classifier.bias"][$0] }
      turned.config = StoredLabels.replaced(in: turned.config, by: order.map { names[$0] })
      try turned.write("turned", in: program.scratch)
      try program.scratch.write(
        "recipe.yaml",
        "merge_method: linear\nheads: merge\nmodels:\n  - {name: a, model: \(Program.model("three"))}\n"
          + "  - {name: b, model: turned}\n")
      try program.succeed(["merge", "recipe.yaml", "-o", "merged"], ranks: ranks)
      for (part, source) in [("a", Program.model("three")), ("b", program.path("turned").string)] {
        let merged = try SafetensorsFile(path: program.path("merged/\(part)/model.safetensors"))
        let own = try SafetensorsFile(path: FilePath(source).appending("model.safetensors"))
        for tensor in ["classifier.weight", "classifier.bias"] {
          #expect(try merged.values(tensor) == own.values(tensor), "\(part) \(tensor)")
        }
      }
      // Other labels are refused, with both maps.
      try program.scratch.write(
        "wrong.yaml",
        "merge_method: linear\nheads: merge\nmodels:\n  - {name: a, model: \(Program.model("three"))}\n"
          + "  - {name: b, model: \(Program.model("five"))}\n")
      let refused = try program.run(["merge", "wrong.yaml", "-o", "wrong"])
      #expect(refused.status == 65 && refused.errors.contains("a and b: id2label"), "\(refused)")
    }

    @Test("coefficients that are taken as they are have the default, 1 each, among the trials", arguments: [2, 3])
    func factors(models: Int) throws {
      let program = try Program(examples: 10)
      try program.searchRecipe("task_arithmetic", ["two", "three", "five"].dropLast(3 - models))
      let text = try String(contentsOfFile: program.path("recipe.yaml").string, encoding: .utf8)
      try program.scratch.write("recipe.yaml", "base_model: \(Program.model("multilabel"))\n" + text)
      try program.succeed(["search", "recipe.yaml", "-o", "found", "--trials", "4"], ranks: 2)
      let trials = try #require(try program.json("found/search.json")["trials"]?.array)
      let coefficients = trials.map { $0["coefficients"]?.array?.compactMap(\.double) ?? [] }
      #expect(coefficients.contains(Array(repeating: 1, count: models)))
      #expect(coefficients.allSatisfy { abs($0.reduce(0, +) - Double(models)) < 1e-12 }, "\(coefficients)")
    }

    @Test("what cannot be searched is refused before any work")
    func refusals() throws {
      let program = try Program(examples: 5)
      try program.searchRecipe("regmean")
      for (parameter, problem) in [
        ("off_diagonl=1", "did you mean off_diagonal?"), ("off_diagonal=0.5,2", "2 is not a number from 0 to 1"),
        ("bias=mean,none", "one of mean, joint"), ("embeddings=counts,mean", "other statistics"),
        ("density=0.5", "regmean has no such setting"),
      ] {
        let refused = try program.run(["search", "recipe.yaml", "--parameter", parameter, "-o", "x"], ranks: 2)
        #expect(
          refused.status == 64 && refused.messages == 1 && refused.errors.contains(problem), "\(parameter): \(refused)")
      }
      for arguments in [["--parameter", "ridge"], ["--parameter", "ridge=1,,2"], ["--trials", "0"]] {
        #expect(try program.run(["search", "recipe.yaml", "-o", "x"] + arguments).status == 64, "\(arguments)")
      }
      try program.searchRecipe("mask_fisher")
      try program.scratch.write(
        "heads.yaml",
        "heads: resolve\n" + (try String(contentsOfFile: program.path("recipe.yaml").string, encoding: .utf8)))
      let heads = try program.run(["search", "heads.yaml", "-o", "x"], ranks: 2)
      #expect(heads.status == 65 && heads.messages == 1 && heads.errors.contains("heads: keep"), "\(heads)")
      try program.searchRecipe("mask_fisher")
      let published = try String(contentsOfFile: program.path("recipe.yaml").string, encoding: .utf8)
      try program.scratch.write("published.yaml", "compatibility: fisher-nodes\n" + published)
      for command in ["search", "compare"] {
        let refused = try program.run([command, "published.yaml", "-o", "x"])
        #expect(refused.status == 65 && refused.errors.contains("compatibility fisher-nodes"), "\(refused)")
      }
      try program.searchRecipe("fisher", validation: false)
      let none = try program.run(["search", "recipe.yaml", "-o", "x"], ranks: 2)
      #expect(none.status == 65 && none.messages == 1 && none.errors.contains("validation"), "\(none)")
      try program.searchRecipe("fisher", ["two", "three"])
      let text = try String(contentsOfFile: program.path("recipe.yaml").string, encoding: .utf8)
      try program.scratch.write(
        "same.yaml", text.replacing("two-validation.jsonl", with: "./nowhere/../two-test.jsonl"))
      // The test file by another path.
      try FileManager.default.createDirectory(
        atPath: program.path("nowhere").string, withIntermediateDirectories: false)
      for command in ["search", "compare"] {
        let same = try program.run([command, "same.yaml", "-o", "x"], ranks: 2)
        #expect(same.status == 65 && same.messages == 1 && same.errors.contains("test file"), "\(same)")
      }
      let left = try program.scratch.names().filter { $0.contains("partial") || $0 == "x" }
      #expect(left.isEmpty, "\(left)")
    }
  }
}

/// Labels in `config.json`.
private enum StoredLabels {
  static func of(_ model: String) throws -> [String] {
    let json = try JSON(contentsOf: Reference.directory.appending("models/\(model)/config.json"))
    return (0..<3).map { json["id2label"]?["\($0)"]?.string ?? "" }
  }

  /// The configuration with other names for the classes, by index.
  static func replaced(in config: String, by names: [String]) -> String {
    let map = names.enumerated().map { "\"\($0)\": \"\($1)\"" }.joined(separator: ", ")
    let ids = names.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
    var text = config
    for (key, value) in [("id2label", map), ("label2id", ids)] {
      guard let start = text.range(of: "\"\(key)\": {"), let end = text[start.upperBound...].firstIndex(of: "}") else {
        continue
      }
      text.replaceSubrange(start.upperBound..<end, with: value)
    }
    return text
  }
}
