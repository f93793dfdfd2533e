import Checkpoints
import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// The contract that everything else rests on: the number of ranks changes no bit of a result.
  @Suite("The same bits for every number of ranks", .serialized)
  struct SameBitsTests {
    /// All files of an output but manifest and report, which say how many ranks there were and how long they took.
    private func output(_ program: Program, _ directory: String) throws -> [String: Data] {
      try program.scratch.files(below: directory).filter { !["manifest.json", "report.html"].contains($0.key) }
    }

    @Test("merged models", arguments: ["mask_fisher", "fisher", "regmean", "regmean++", "kfac", "distill"])
    func merge(method: String) throws {
      let program = try Program()
      let draws = ["mask_fisher": "sampled", "fisher": "sampled", "distill": "sketched"][method]
      try program.recipe(method, draws.map { "expectation: \($0), draws: 2, seed: 5" } ?? "")
      // One command line in several directories, because the model cards hold the command line.
      let command = ["merge", "../recipe.yaml", "--output", "merged"]
      try program.succeed(command, in: "plain")
      let expected = try output(program, "plain/merged")
      #expect(expected.keys.count { $0.hasSuffix(".safetensors") } == 4, "\(expected.keys)")
      for ranks in [1, 2, 3, 5] {
        // Of what ranks keep of activations no bit depends either.
        let limit = method == "distill" && ranks > 2 ? ["--activations", ranks == 3 ? "1B" : "20KB"] : []
        try program.succeed(command + limit, ranks: ranks, in: "on-\(ranks)")
        let found = try output(program, "on-\(ranks)/merged")
        #expect(found.keys.sorted() == expected.keys.sorted())
        for (file, bytes) in expected { #expect(found[file] == bytes, "\(file) on \(ranks) ranks") }
        let manifest = try program.json("on-\(ranks)/merged/manifest.json")
        #expect(manifest["ranks"]?.integer == ranks)
        #expect(try manifest["plan_sha256"] == program.json("plain/merged/manifest.json")["plan_sha256"])
      }
    }

    @Test("heads that are solved anew, and the scores of what is written")
    func heads() throws {
      let program = try Program()
      let entries = ["two", "three", "five"].map {
        "  - {name: \($0), model: \(Program.model($0)), data: ../\($0).jsonl, test: ../\($0).jsonl}\n"
      }
      let command = ["merge", "recipe.yaml", "--output", "merged"]
      var expected: [String: Data] = [:]
      for (ranks, place) in [(nil, "plain"), (2, "on-2"), (3, "on-3"), (5, "on-5")] as [(Int?, String)] {
        try program.scratch.write(
          "\(place)/recipe.yaml",
          "merge_method: mask_fisher\nheads: resolve\ndtype: bfloat16\nmodels:\n\(entries.joined())")
        try program.succeed(command, ranks: ranks, in: place)
        let found = try output(program, "\(place)/merged")
        if expected.isEmpty { expected = found }
        for (file, bytes) in expected { #expect(found[file] == bytes, "\(file) on \(ranks ?? 1) ranks") }
      }
      let manifest = try program.json("plain/merged/manifest.json")
      #expect(manifest["heads"]?.string == "resolve" && manifest["systems"]?.array?.count == 3)
      for task in ["two", "three", "five"] {
        let scores = try #require(manifest["scores"])
        try program.succeed(
          ["evaluate", "--model", "plain/merged/\(task)", "--data", "\(task).jsonl", "--json", "score.json"])
        let value = try program.json("score.json")["value"]?.double
        #expect(value != nil && scores["resolved"]?[task]?["accuracy"]?.double == value, "\(task)")
        #expect(scores["merged"]?[task]?["accuracy"]?.double != nil)
      }
      // The encoder is the one that is written without.
      try program.scratch.write(
        "kept/recipe.yaml", "merge_method: mask_fisher\ndtype: bfloat16\nmodels:\n\(entries.joined())")
      try program.succeed(command, in: "kept")
      let kept = try output(program, "kept/merged")
      #expect(kept["backbone/model.safetensors"] == expected["backbone/model.safetensors"])
      #expect(kept["two/model.safetensors"] != expected["two/model.safetensors"])
      let own = try program.json("kept/merged/manifest.json")["scores"]?["merged"]
      #expect(own == manifest["scores"]?["merged"] && own != nil)
    }

    @Test("statistics files")
    func estimate() throws {
      let program = try Program()
      let command = [
        "estimate", "--model", Program.model("five"), "--data", "../five.jsonl", "--statistic", "mask-fisher",
        "--statistic", "fisher", "--output", "statistics.safetensors",
      ]
      try program.succeed(command, in: "plain")
      let expected = try program.scratch.files(below: "plain")
      for ranks in [1, 2, 3, 5] {
        try program.succeed(command, ranks: ranks, in: "on-\(ranks)")
        #expect(try program.scratch.files(below: "on-\(ranks)") == expected, "\(ranks) ranks")
      }
    }

    @Test("blocks that are larger than the first by orders of magnitude")
    func secondPass() throws {
      let program = try Program(examples: 1)
      // The squared gradient of one tensor is about 1e16 times larger in the third block than in the first.
      try program.writeRiver { model, river in model.amplify(river, by: 1e9) }
      let command = [
        "estimate", "--model", "../rare", "--data", "../three.jsonl", "--statistic", "fisher", "--output",
        "statistics.safetensors", "--json", "../estimate.json",
      ]
      for (ranks, place) in [(nil, "plain"), (2, "on-2"), (3, "on-3")] as [(Int?, String)] {
        let outcome = try program.succeed(command, ranks: ranks, in: place)
        #expect(outcome.errors.contains("(bert.encoder.layer.0.output.dense.weight); all blocks are"), "\(outcome)")
        #expect(try program.json("estimate.json")["passes"]?.integer == 2)
        #expect(try program.scratch.files(below: place) == program.scratch.files(below: "plain"), "\(place)")
      }
      // The large entries are those of the example alone; the small ones beside them are there all the same.
      try program.scratch.write("alone.jsonl", #"{"sentence": "the river", "label": 1}"# + "\n")
      let alone =
        ["estimate", "--model", "rare", "--data", "alone.jsonl", "--statistic", "fisher", "-o", "alone.safetensors"]
      try program.succeed(alone)
      let name = "bert.encoder.layer.0.output.dense.weight"
      let whole = try SafetensorsFile(path: program.path("plain/statistics.safetensors")).values(name)
      let single = try SafetensorsFile(path: program.path("alone.safetensors")).values(name)
      let columns = stride(from: 0, to: 18 * 40, by: 40)
      let largest = columns.map { whole[$0] }
      // In a block of its own the example's products round differently, 30 times more after the neuron's threshold.
      #expect(worstError(largest, columns.map { single[$0] }, relative: 1e-4, absolute: 0) < 1)
      #expect((largest.max() ?? 0) > 1e10)
    }

    @Test("evaluation")
    func evaluate() throws {
      let program = try Program()
      let command = ["evaluate", "--model", Program.model("three"), "--data", "three.jsonl", "--quiet"]
      let alone = try program.succeed(command).output
      #expect(alone.contains("accuracy 0.") && alone.contains("on 150 examples"), "\(alone)")
      #expect(try program.succeed(command, ranks: 3).output == alone)
    }

    @Test("more ranks than blocks: it works, and the idle ranks are said")
    func idleRanks() throws {
      let program = try Program(examples: 9)
      let command = [
        "estimate", "--model", Program.model("two"), "--data", "../two.jsonl", "--statistic", "mask-fisher", "--output",
        "statistics.safetensors",
      ]
      let alone = try program.succeed(command, in: "plain")
      #expect(!alone.errors.contains("idle"), "\(alone)")
      let outcome = try program.succeed(command, ranks: 3, in: "on-3")
      #expect(outcome.errors.contains("1 blocks for 3 ranks, so 2 of them are idle"), "\(outcome)")
      #expect(try program.scratch.files(below: "on-3") == program.scratch.files(below: "plain"))
    }
  }
}
