import Checkpoints
import Foundation
import TestSupport
import Testing

extension ProgramTests {
  @Suite("Outputs that are inputs", .serialized)
  struct OutputConflictTests {
    @Test("are refused before anything is written, whatever leads to them")
    func refused() throws {
      let program = try Program(examples: 6)
      let model = try EditedModel("two").write("model", in: program.scratch)
      try program.recipe("mask_fisher", models: ["two": model.string])
      try FileManager.default.createSymbolicLink(
        atPath: program.path("link.json").string, withDestinationPath: "model/config.json")
      try FileManager.default.linkItem(
        atPath: program.path("two.jsonl").string, toPath: program.path("hard.jsonl").string)
      try program.succeed([
        "estimate", "--model", "model", "--data", "two.jsonl", "--statistic", "mask_fisher", "--output",
        "s.safetensors",
      ])
      let before = try program.scratch.files(below: ".")
      let merge = ["merge", "recipe.yaml", "--output", "merged"]
      let evaluate = ["evaluate", "--model", "model", "--data", "two.jsonl"]
      for (command, output) in [
        (merge + ["--json", "recipe.yaml"], "recipe.yaml"), (merge + ["--log-file", "three.jsonl"], "three.jsonl"),
        (merge + ["--json", "model/config.json"], "model/config.json"), (merge + ["--json", "link.json"], "link.json"),
        (merge + ["--log-file", "hard.jsonl"], "hard.jsonl"),
        (merge + ["--log-file", "model/model.safetensors"], "model/model.safetensors"),
        (evaluate + ["--predictions", "two.jsonl"], "two.jsonl"),
        (evaluate + ["--predictions", "./two.jsonl"], "two.jsonl"),
        (evaluate + ["--json", "model/vocab.txt"], "model/vocab.txt"),
        (["plan", "recipe.yaml", "--json", "five.jsonl"], "five.jsonl"),
        (["inspect", "model", "--json", "model/config.json"], "model/config.json"),
        (["verify", "s.safetensors", "--json", "s.safetensors"], "s.safetensors"),
        (
          ["combine", "s.safetensors", "t.safetensors", "--output", "c.safetensors", "--log-file", "s.safetensors"],
          "s.safetensors"
        ),
        (
          [
            "estimate", "--model", "model", "--data", "two.jsonl", "--statistic", "gram", "--output", "g", "--json",
            "two.jsonl",
          ],
          "two.jsonl"
        ),
      ] {
        let outcome = try program.run(command)
        #expect(outcome.status == 64 && outcome.messages == 1, "\(command): \(outcome)")
        #expect(outcome.errors.contains(output) && outcome.errors.contains("would destroy that"), "\(outcome)")
        #expect(try program.scratch.files(below: ".") == before, "\(command)")
      }
      let onTwo = try program.run(merge + ["--json", "recipe.yaml"], ranks: 2)
      #expect(onTwo.status == 64 && onTwo.messages == 1, "\(onTwo)")
      // Nobody knows what a recipe names that cannot be read.
      try program.scratch.write("faulty.yaml", "merge_method: fisherr\n")
      let faulty = try program.run(["merge", "faulty.yaml", "--output", "merged", "--log-file", "two.jsonl"])
      #expect(faulty.status == 64 && faulty.messages == 1 && faulty.errors.contains("faulty.yaml"), "\(faulty)")
      try FileManager.default.removeItem(atPath: program.path("faulty.yaml").string)
      for command in [
        ["estimate", "--model", "model", "--data", "two.jsonl", "--statistic", "gram", "--output", "n", "--json", "n"],
        ["combine", "s.safetensors", "t.safetensors", "--output", "n", "--json", "./n"],
        ["merge", "recipe.yaml", "--output", "n", "--log-file", "n"],
      ] {
        let outcome = try program.run(command)
        #expect(outcome.status == 64 && outcome.errors.contains("two outputs have this name"), "\(outcome)")
      }
      let same = try program.run(evaluate + ["--json", "new.json", "--predictions", "./new.json"])
      #expect(same.status == 64 && same.errors.contains("two outputs have this name"), "\(same)")
      #expect(try program.scratch.files(below: ".") == before)
    }

    @Test("files that are none of them may be replaced")
    func replaced() throws {
      let program = try Program(examples: 6)
      try program.scratch.write("old.json", "{}")
      try program.scratch.write("old.jsonl", "anything")
      try program.succeed([
        "evaluate", "--model", Program.model("two"), "--data", "two.jsonl", "--json", "old.json", "--predictions",
        "old.jsonl",
      ])
      #expect(try program.json("old.json")["examples"]?.integer == 6)
    }

    @Test("a file beyond the limit of the system is an error that names it, and no silent end")
    func fileSize() throws {
      let program = try Program(examples: 6)
      let outcome = try Launching.run(
        [
          "bash", "-c",
          """
          ulimit -f 20
          exec \(Launching.product("fishermerge")) estimate --model \(Program.model("two")) --data two.jsonl \
            --statistic fisher --output big.safetensors
          """,
        ], environment: [:], directory: URL(fileURLWithPath: program.scratch.path.string))
      #expect(outcome.status == 74 && outcome.messages == 1, "\(outcome)")
      #expect(outcome.errors.contains("ulimit -f"), "\(outcome)")
      #expect(!FileSystem.exists(program.path("big.safetensors")))
    }
  }
}
