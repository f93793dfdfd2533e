import Checkpoints
import Foundation
import TestSupport
import Testing

extension ProgramTests {
  @Suite("The command line", .serialized)
  struct ConsoleTests {
    @Test("--help names every command, and --version the version")
    func help() throws {
      let program = try Program(examples: 1)
      let help = try program.succeed(["--help"]).output
      for command in ["merge", "plan", "estimate", "evaluate", "inspect"] { #expect(help.contains("  \(command) ")) }
      #expect(try program.succeed(["--version"]).output.wholeMatch(of: #/\d+\.\d+\.\d+\n/#) != nil)
    }

    @Test("results go to standard output, the rest to standard error, and no line returns to its start")
    func streams() throws {
      let program = try Program(examples: 20)
      try program.recipe("mask_fisher", "preset: fisher-nodes")
      let outcome = try program.succeed(["merge", "recipe.yaml", "--output", "merged"], ranks: 2)
      #expect(outcome.errors.contains(#/fishermerge [0-9.]+: 2 ranks on 1 host \(.* × 2\), OpenBLAS /#), "\(outcome)")
      #expect(
        outcome.errors.contains(
          "mask_fisher: rule paper, normalize none, token_nodes false, expectation expected, seed 0 (preset fisher-nodes, "
        ), "\(outcome)")
      #expect(outcome.errors.contains("two: 20 of 20 examples in 1 blocks, "), "\(outcome)")
      #expect(outcome.output.hasPrefix("model "), "\(outcome)")
      #expect(
        outcome.output.contains("wrote merged/ with backbone/, two/, three/, five/ and report.html in "), "\(outcome)")
      #expect(!(outcome.output + outcome.errors).contains("\r"), "\(outcome)")
    }

    @Test("--quiet leaves results only; --log-file keeps all, with times; --json holds the manifest")
    func files() throws {
      let program = try Program(examples: 20)
      try program.recipe("linear")
      let more = ["--quiet", "--log-file", "run.log", "--json", "result.json"]
      let outcome = try program.succeed(["merge", "recipe.yaml", "--output", "merged"] + more)
      #expect(outcome.errors.isEmpty && outcome.output.contains("wrote merged/"), "\(outcome)")
      #expect(try program.json("result.json") == program.json("merged/manifest.json"))
      let log = try String(contentsOfFile: program.path("run.log").string, encoding: .utf8)
      #expect(log.contains("linear: the average of the models, weighted by their coefficients"), "\(log)")
      #expect(log.contains("wrote merged/"), "\(log)")
      #expect(log.hasPrefix("20") && log.contains(#/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ fishermerge /#), "\(log)")

      // A failed run says why, in both places, and leaves the JSON of the run before.
      let failed = try program.run(["merge", "recipe.yaml", "--output", "merged"] + more)
      #expect(failed.status == 73 && failed.messages == 1 && failed.output.isEmpty, "\(failed)")
      let longer = try String(contentsOfFile: program.path("run.log").string, encoding: .utf8)
      #expect(longer.hasPrefix(log) && longer.contains("error: merged: the output exists already"), "\(longer)")
    }

    @Test("--json and --log-file that cannot be created end a command before its work", arguments: [nil, 2])
    func impossibleFiles(ranks: Int?) throws {
      let program = try Program(examples: 5)
      try program.recipe("linear")
      let before = try program.scratch.names()
      for option in ["--json", "--log-file"] {
        for command in [["merge", "recipe.yaml", "--output", "merged"], ["plan", "recipe.yaml"]] {
          let outcome = try program.run(command + [option, "nowhere/file"], ranks: ranks)
          #expect(outcome.status == 73 && outcome.messages == 1 && outcome.output.isEmpty, "\(outcome)")
          #expect(outcome.message.contains("nowhere/file: "), "\(outcome)")
        }
      }
      #expect(try program.scratch.names() == before)
    }

    @Test("--json of an estimation and of an inspection")
    func json() throws {
      let program = try Program(examples: 20)
      try program.succeed(
        [
          "estimate", "--model", Program.model("five"), "--data", "five.jsonl", "--statistic", "fisher", "--output",
          "s.safetensors", "--json", "estimate.json",
        ], ranks: 2)
      let estimate = try program.json("estimate.json")
      #expect(estimate["examples"]?.integer == 20 && estimate["ranks"]?.integer == 2)
      #expect(estimate["statistics"]?.array?.map(\.string) == ["fisher"])
      #expect(estimate["expectation"]?.string == "expected")
      try program.succeed(["inspect", Program.model("five"), "--json", "inspect.json"])
      #expect(try program.json("inspect.json")["hidden_size"] == nil)
      #expect(try program.json("inspect.json")["hidden"]?.integer == 18)
    }

    @Test("plan checks everything, predicts, writes nothing, and has the hash of the merge's plan")
    func plan() throws {
      let program = try Program(examples: 20)
      try program.recipe("fisher", "examples: 10")
      let before = try program.scratch.names()
      let outcome = try program.succeed(["plan", "recipe.yaml"])
      #expect(try program.scratch.names() == before)
      for text in ["three", "10 of 20", "GFLOP", "memory: at most ", "messages: at most "] {
        #expect(outcome.output.contains(text), "\(text): \(outcome)")
      }
      #expect(outcome.output.contains("advice: with these data merge_method: distill"), "\(outcome)")
      try program.recipe("distill", "examples: 10", name: "best.yaml")
      let best = try program.succeed(["plan", "best.yaml"])
      #expect(!best.output.contains("advice"), "\(best)")
      try program.succeed(["plan", "recipe.yaml", "--json", "plan.json"])
      try program.succeed(["merge", "recipe.yaml", "--output", "merged"])
      let hash = try #require(try program.json("merged/manifest.json")["plan_sha256"]?.string)
      #expect(try program.json("plan.json")["plan_sha256"]?.string == hash && outcome.output.contains(hash))
    }

    @Test("plan fails where the merge would, with the same message")
    func planFails() throws {
      let program = try Program(examples: 5)
      try program.scratch.write("two.jsonl", "")
      try program.recipe("fisher")
      let planned = try program.run(["plan", "recipe.yaml"])
      let merged = try program.run(["merge", "recipe.yaml", "--output", "merged"])
      #expect(planned.status == 65 && planned.messages == 1, "\(planned)")
      #expect(merged.status == 65 && merged.message == planned.message, "\(merged)")
      #expect(planned.message.contains("two.jsonl: there is no example in the file"), "\(planned)")
      try program.scratch.write("recipe.yaml", "merge_method: [")
      #expect(try program.run(["plan", "recipe.yaml"]).status == 64)
    }

    @Test("under mpirun a command that needs one process runs once")
    func planOnRanks() throws {
      let program = try Program(examples: 5)
      try program.recipe("linear")
      let outcome = try program.succeed(["plan", "recipe.yaml"], ranks: 3)
      #expect(outcome.output.components(separatedBy: "memory: at most").count == 2, "\(outcome)")
      let failed = try program.run(["inspect", "nothing", "--log-file", "log"], ranks: 3)
      #expect(failed.status == 66 && failed.messages == 1, "\(failed)")
      let log = try String(contentsOfFile: program.path("log").string, encoding: .utf8)
      #expect(log.contains("error: nothing: there is no such file or directory"), "\(log)")
      #expect(try program.succeed(["--help"], ranks: 3).output.components(separatedBy: "OVERVIEW:").count == 2)
    }

    @Test("inspect of what is no model says so")
    func inspectFails() throws {
      let program = try Program(examples: 5)
      let missing = try program.run(["inspect", "nothing"])
      #expect(missing.status == 66 && missing.messages == 1 && missing.message.contains("nothing: "), "\(missing)")
      let text = try program.run(["inspect", "two.jsonl"])
      #expect(text.status == 65 && text.messages == 1 && text.message.contains("two.jsonl"), "\(text)")
      try program.scratch.write("report.json", "{}")
      let json = try program.run(["inspect", "report.json"])
      #expect(json.status == 65 && json.message.contains("a JSON file"), "\(json)")
      try program.scratch.write("x.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n")
      let pointer = try program.run(["inspect", "x.safetensors"])
      #expect(pointer.status == 65 && pointer.message.contains("was never fetched"), "\(pointer)")
    }

    @Test("a launcher that promises more ranks than there are is an error, before any work")
    func launcherDisagrees() throws {
      let program = try Program(examples: 5)
      try program.recipe("linear")
      let command = ["merge", "recipe.yaml", "--output", "merged"]
      let first = try program.run(command, environment: ["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "0"])
      #expect(first.status == 71 && first.messages == 1, "\(first)")
      #expect(first.message.contains("OMPI_COMM_WORLD_SIZE=4"), "\(first)")
      let second = try program.run(command, environment: ["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "1"])
      #expect(second.status == 71 && second.errors.isEmpty, "\(second)")
      #expect(!FileManager.default.fileExists(atPath: program.path("merged").string))
    }

    @Test("evaluation of a regression is Pearson's correlation")
    func regression() throws {
      let program = try Program(examples: 5)
      try program.scratch.write(
        "r.tsv", "sentence\tlabel\nthe cat saw a dog\t1.5\na bad film\t-0.25\nthe river is green\t0.75\n")
      let command = ["evaluate", "--model", Program.model("regression"), "--data", "r.tsv", "--json", "r.json"]
      let outcome = try program.succeed(command)
      #expect(outcome.output.contains("pearson ") && outcome.output.contains(" on 3 examples"), "\(outcome)")
      let value = try #require(try program.json("r.json")["value"]?.double)
      #expect(abs(value) <= 1 && value != 0)
      // The correlation does not see another scale and another origin of the labels; another sign it does.
      try program.scratch.write(
        "r.tsv", "sentence\tlabel\nthe cat saw a dog\t-5\na bad film\t2\nthe river is green\t-2\n")
      try program.succeed(command)
      let other = try #require(try program.json("r.json")["value"]?.double)
      #expect(abs(other + value) < 1e-12)
    }

    @Test("a regression with several outputs is merged by its statistics, and evaluate says that it has no metric")
    func severalNumbers() throws {
      let program = try Program(examples: 5)
      var model = try EditedModel("three")
      model.config.replace("single_label_classification", with: "regression")
      try model.write("three", in: program.scratch)
      let lines = (0..<9).map { #"{"sentence": "the cat saw a dog", "label": [0.5, \#($0), -1]}"# + "\n" }.joined()
      try program.scratch.write("three.jsonl", lines)
      try program.recipe("fisher", "expectation: empirical", models: ["three": "three"])
      try program.succeed(["merge", "recipe.yaml", "--output", "merged"], ranks: 2)
      try program.succeed(["inspect", "merged"])
      let refused = try program.run(["evaluate", "--model", "three", "--data", "three.jsonl"], ranks: 2)
      #expect(refused.status == 65 && refused.messages == 1, "\(refused)")
      #expect(refused.message.contains("a regression with several outputs"), "\(refused)")
    }

    @Test("a correlation without variation is undefined, not zero")
    func constantRegression() throws {
      let program = try Program(examples: 5)
      try program.scratch.write("r.tsv", "sentence\tlabel\nthe cat saw a dog\t1\na bad film\t1\n")
      let outcome = try program.run(["evaluate", "--model", Program.model("regression"), "--data", "r.tsv"], ranks: 2)
      #expect(outcome.status == 65 && outcome.messages == 1, "\(outcome)")
      #expect(outcome.message.contains("r.tsv") && outcome.message.contains("correlation is undefined"), "\(outcome)")
    }

    @Test("a full disk behind standard output or the log is no crash")
    func fullDisk() throws {
      let program = try Program(examples: 5)
      try program.recipe("linear")
      let binary = Launching.product("fishermerge")
      let merge = "cd '\(program.scratch.path)' && '\(binary)' merge recipe.yaml --output"
      let lost = try Launching.run(["bash", "-c", "\(merge) first > /dev/full"])
      #expect(lost.status == 74 && lost.errors.contains("standard output: the results could not be printed"), "\(lost)")
      let logged = try Launching.run(["bash", "-c", "\(merge) second --log-file /dev/full"])
      #expect(logged.status == 0 && logged.errorCount(of: "the log file cannot be written any more") == 1, "\(logged)")
      for output in ["first", "second"] {
        #expect(FileManager.default.fileExists(atPath: program.path("\(output)/manifest.json").string))
      }
    }

    @Test("evaluation needs labels")
    func noLabels() throws {
      let program = try Program(examples: 5)
      try program.scratch.write("r.jsonl", #"{"sentence": "the cat"}"# + "\n")
      let outcome = try program.run(["evaluate", "--model", Program.model("two"), "--data", "r.jsonl"], ranks: 2)
      #expect(outcome.status == 65 && outcome.messages == 1, "\(outcome)")
      #expect(outcome.message.contains("there is no column \"label\""), "\(outcome)")
    }
  }
}
