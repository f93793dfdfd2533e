import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// The contract that everything else rests on: the number of ranks changes no bit of a result.
  @Suite("The same bits for every number of ranks", .serialized)
  struct SameBitsTests {
    /// All files of an output but the manifest, which says how many ranks there were and how long they took.
    private func output(_ program: Program, _ directory: String) throws -> [String: Data] {
      try program.scratch.files(below: directory).filter { $0.key != "manifest.json" }
    }

    @Test("merged models", arguments: ["mask_fisher", "fisher"])
    func merge(method: String) throws {
      let program = try Program()
      try program.recipe(method, "expectation: sampled, draws: 2, seed: 5")
      // One command line in several directories, because the model cards hold the command line.
      let command = ["merge", "../recipe.yaml", "--output", "merged"]
      try program.succeed(command, in: "plain")
      let expected = try output(program, "plain/merged")
      #expect(expected.keys.count { $0.hasSuffix(".safetensors") } == 4, "\(expected.keys)")
      for ranks in [1, 2, 3, 5] {
        try program.succeed(command, ranks: ranks, in: "on-\(ranks)")
        let found = try output(program, "on-\(ranks)/merged")
        #expect(found.keys.sorted() == expected.keys.sorted())
        for (file, bytes) in expected { #expect(found[file] == bytes, "\(file) on \(ranks) ranks") }
        let manifest = try program.json("on-\(ranks)/merged/manifest.json")
        #expect(manifest["ranks"]?.integer == ranks)
        #expect(try manifest["plan_sha256"] == program.json("plain/merged/manifest.json")["plan_sha256"])
      }
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
