import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// Runs that leave after every block and go on: each may have other ranks and other teams, and all end in the same
  /// bits.
  @Suite("Interruptions", .serialized)
  struct InterruptionTests {
    /// `--max-time` that is over when the first block is done.
    static let leaveSoon = ["--max-time", "0.001", "--resume"]

    /// Runs a command, interrupted again and again, until it is done.
    ///
    /// - Parameters:
    ///   - ranks: of one run after the other, over and over; nil for a plain process.
    ///   - meanwhile: is told the number of the run that was interrupted, and may do harm.
    /// - Returns: what all runs have said, and how many were interrupted.
    @discardableResult
    private func untilDone(
      _ program: Program, _ arguments: [String], ranks: [Int?], teams: [Int?] = [nil], limit: Int = 200,
      meanwhile: (Int) throws -> Void = { _ in }
    ) throws -> (errors: String, interruptions: Int) {
      var errors = ""
      for run in 0..<limit {
        let team = teams[run % teams.count]
        let outcome = try program.run(
          arguments + Self.leaveSoon, ranks: ranks[run % ranks.count],
          environment: team.map { ["FISHERMERGE_TEAM_RANKS": "\($0)"] } ?? [:])
        errors += outcome.errors
        if outcome.status == 0 { return (errors, run) }
        try #require(outcome.status == 75, "\(outcome)")
        #expect(outcome.messages == 1, "\(outcome)")
        #expect(outcome.message.contains("--max-time: the run was interrupted; what it has done is in "), "\(outcome)")
        #expect(outcome.message.contains("hint: run the same command with --resume"), "\(outcome)")
        try meanwhile(run)
      }
      Issue.record("not done after \(limit) runs")
      return (errors, limit)
    }

    private func expectSameModels(_ program: Program, _ one: String, _ other: String) throws {
      let (expected, found) = (try program.scratch.files(below: one), try program.scratch.files(below: other))
      #expect(found.keys.sorted() == expected.keys.sorted())
      // The cards of the models hold the command.
      for (file, bytes) in expected
      where ![".json", "README.md", ".html"].contains(where: file.hasSuffix) || file.contains("config") {
        #expect(found[file] == bytes, "\(file)")
      }
    }

    @Test(
      "a merge that is interrupted after every block ends in the bits of one that is not",
      arguments: ["mask_fisher", "fisher", "regmean", "regmean++", "distill"])
    func merge(method: String) throws {
      let program = try Program()
      try program.recipe(method)
      try program.succeed(["merge", "recipe.yaml", "--output", "whole"])
      let (_, count) = try untilDone(
        program, ["merge", "recipe.yaml", "--output", "parts"], ranks: [2, nil, 5, 3, 1], teams: [nil, 1, 2])
      #expect(count >= 3, "\(count)")
      try expectSameModels(program, "whole", "parts")
      #expect(try program.scratch.names().filter { $0.contains("checkpoint") } == [], "the directory goes at the end")
    }

    @Test("ranks in many small teams hand their sums over", arguments: ["mask_fisher", "fisher"], [1, 2])
    func teams(method: String, size: Int) throws {
      let program = try Program()
      try program.recipe(method)
      try program.succeed(["merge", "recipe.yaml", "--output", "whole"])
      try program.succeed(
        ["merge", "recipe.yaml", "--output", "teams"], ranks: 5, environment: ["FISHERMERGE_TEAM_RANKS": "\(size)"])
      try expectSameModels(program, "whole", "teams")
    }

    @Test("an interrupted estimation until a given error takes the same examples and ends in the same bits")
    func rounds() throws {
      let program = try Program(examples: 900)
      let arguments = [
        "estimate", "--model", Program.model("three"), "--data", "three.jsonl", "--statistic", "mask-fisher",
        "--until-error", "0.28", "--output",
      ]
      let whole = try program.succeed(arguments + ["whole.safetensors"])
      #expect(whole.output.contains("(of 900 chosen)"), "it has to stop early, after some rounds: \(whole)")
      let (_, count) = try untilDone(program, arguments + ["parts.safetensors"], ranks: [nil, nil, 3, 2])
      // A plain process leaves after one block; three ranks may do all of the rest.
      #expect(count >= 2, "\(count)")
      let files = try program.scratch.files(below: ".")
      #expect(files["whole.safetensors"] == files["parts.safetensors"])
    }

    @Test("a damaged solved step is named, and it and those after it are solved again")
    func damagedStep() throws {
      let program = try Program()
      try program.recipe("distill")
      try program.succeed(["merge", "recipe.yaml", "--output", "whole"])
      var damaged = ""
      let (errors, _) = try untilDone(
        program, ["merge", "recipe.yaml", "--output", "parts", "--checkpoint", "kept"], ranks: [nil, 2]
      ) { run in
        let names = try program.scratch.files(below: "kept").keys.filter { $0.hasSuffix(".solved") }.sorted()
        guard damaged.isEmpty, names.count >= 3 else { return }
        damaged = names[1]
        let url = URL(fileURLWithPath: program.path("kept/\(damaged)").string)
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: url)
      }
      #expect(!damaged.isEmpty && errors.contains("kept/\(damaged)") && errors.contains("are done again"), "\(errors)")
      try expectSameModels(program, "whole", "parts")
    }

    @Test("a damaged checkpoint is named, and the one before it is used")
    func damage() throws {
      let program = try Program()
      try program.recipe("fisher")
      try program.succeed(["merge", "recipe.yaml", "--output", "whole"])
      var damaged: [String] = []
      let (errors, _) = try untilDone(
        program, ["merge", "recipe.yaml", "--output", "parts", "--checkpoint", "kept"], ranks: [nil, 2]
      ) { run in
        // The newest file: its last byte flipped, its end cut off, or a byte of its description changed.
        guard run < 3 else { return }
        let names = try program.scratch.files(below: "kept").keys.filter { $0.hasSuffix(".sums") }
        let newest = try #require(names.max { generation($0) < generation($1) })
        let url = URL(fileURLWithPath: program.path("kept/\(newest)").string)
        var bytes = try Data(contentsOf: url)
        switch run {
        case 0: bytes[bytes.count - 1] ^= 1
        case 1: bytes.removeLast(9)
        default:
          let place = try #require(bytes.range(of: Data("seconds".utf8)))
          // A digit of the seconds, so that all still reads well.
          let digit = try #require(bytes[place.upperBound...].firstIndex { (49...56).contains($0) })
          bytes[digit] += 1
        }
        try bytes.write(to: url)
        damaged.append(newest)
      }
      #expect(damaged.count == 3)
      for name in damaged { #expect(errors.contains("kept/\(name): "), "\(name) is not named: \(errors)") }
      try expectSameModels(program, "whole", "parts")
    }

    /// The number of a checkpoint file's generation.
    private func generation(_ name: String) -> Int {
      name.dropLast(".sums".count).split(separator: "-").last.flatMap { Int($0) } ?? -1
    }

    @Test("finished statistics in a directory of the user's are used by another recipe", arguments: [nil, 3])
    func reuse(ranks: Int?) throws {
      let program = try Program()
      try program.recipe("fisher")
      try program.recipe("fisher", "floor: 0.001", name: "other.yaml")
      try program.succeed(["merge", "recipe.yaml", "--output", "first", "--checkpoint", "kept"], ranks: ranks)
      try program.succeed(["merge", "other.yaml", "--output", "whole"])
      // Without --resume nothing of an earlier run is touched.
      let refused = try program.run(
        ["merge", "other.yaml", "--output", "second", "--checkpoint", "kept"], ranks: ranks)
      #expect(refused.status == 73 && refused.messages == 1, "\(refused)")
      #expect(refused.message.contains("kept: it holds checkpoints of an earlier run"), "\(refused)")
      #expect(refused.message.contains("hint: go on from there with --resume"), "\(refused)")

      // One of them damaged: it alone is estimated again.
      let path = program.path("kept/three.fisher.safetensors").string
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      bytes[bytes.count - 5] ^= 8
      try bytes.write(to: URL(fileURLWithPath: path))
      let outcome = try program.succeed(
        ["merge", "other.yaml", "--output", "second", "--checkpoint", "kept", "--resume"], ranks: ranks)
      #expect(
        outcome.errorCount(of: "two: its statistics are in kept/two.fisher.safetensors already") == 1, "\(outcome)")
      #expect(outcome.errorCount(of: "five: its statistics are in") == 1, "\(outcome)")
      #expect(outcome.errors.contains("kept/three.fisher.safetensors: "), "\(outcome)")
      #expect(outcome.errors.contains("it is estimated again"), "\(outcome)")
      try expectSameModels(program, "whole", "second")
      let names = try program.scratch.files(below: "kept").keys.sorted()
      #expect(names == ["five.fisher.safetensors", "three.fisher.safetensors", "two.fisher.safetensors"])
    }

    @Test("other examples are not taken for the same work")
    func otherWork() throws {
      let program = try Program()
      try program.recipe("mask_fisher")
      try program.recipe("mask_fisher", "examples: 100, seed: 4", name: "other.yaml")
      try program.succeed(["merge", "other.yaml", "--output", "whole"])
      let first = try program.run(
        ["merge", "recipe.yaml", "--output", "first", "--checkpoint", "kept"] + Self.leaveSoon)
      #expect(first.status == 75, "\(first)")
      let outcome = try program.succeed(
        ["merge", "other.yaml", "--output", "second", "--checkpoint", "kept", "--resume"], ranks: 2)
      #expect(!outcome.errors.contains("are done already"), "\(outcome)")
      try expectSameModels(program, "whole", "second")
    }

    @Test("a resume of what is complete has nothing to do, and of other work is refused", arguments: [nil, 2])
    func completed(ranks: Int?) throws {
      let program = try Program(examples: 20)
      try program.recipe("mask_fisher")
      try program.recipe("mask_fisher", "examples: 10", name: "other.yaml")
      let command = ["merge", "recipe.yaml", "--output", "merged"]
      try program.succeed(command)
      let before = try program.scratch.files(below: "merged")
      let again = try program.succeed(command + ["--resume", "--json", "again.json"], ranks: ranks)
      #expect(again.output.contains("merged/ is complete already"), "\(again)")
      #expect(try program.scratch.files(below: "merged") == before)
      #expect(try program.json("again.json") == program.json("merged/manifest.json"))
      let other = try program.run(["merge", "other.yaml", "--output", "merged", "--resume"], ranks: ranks)
      #expect(other.status == 73 && other.messages == 1, "\(other)")
      let without = try program.run(command, ranks: ranks)
      #expect(without.status == 73, "\(without)")
      #expect(try program.scratch.files(below: "merged") == before)
    }

    @Test(
      "so it is with searches and comparisons, whose trials and seed belong to the work",
      arguments: ["search", "compare"])
    func completedTrials(command: String) throws {
      let program = try Program(examples: 12)
      let entries = ["two", "three"].map { task in
        "  - {name: \(task), model: \(Program.model(task)), data: \(task).jsonl, test: \(task)-test.jsonl, "
          + "validation: \(task)-validation.jsonl}"
      }
      try program.scratch.write("recipe.yaml", "merge_method: fisher\nmodels:\n\(entries.joined(separator: "\n"))\n")
      for (task, classes) in [("two", 2), ("three", 3)] {
        for (seed, use) in ["test", "validation"].enumerated() {
          try program.scratch.write(
            "\(task)-\(use).jsonl",
            SyntheticText.jsonLines(examples: 8, classes: classes, seed: UInt64(10 * classes + seed)))
        }
      }
      let arguments = [command, "recipe.yaml", "--output", "out", "--trials", "3"]
      let first = try program.succeed(arguments + ["--json", "first.json"], ranks: 2)
      let before = try program.scratch.files(below: "out")
      let again = try program.succeed(arguments + ["--resume", "--json", "again.json"], ranks: 2)
      #expect(
        again.output.contains("out/ is complete already") && !first.output.contains("complete already"), "\(again)")
      #expect(try program.json("again.json") == program.json("first.json"))
      for other in [["--trials", "4"], ["--trials", "3", "--search-seed", "1"]] {
        let refused = try program.run([command, "recipe.yaml", "--output", "out", "--resume"] + other)
        #expect(refused.status == 73 && refused.messages == 1, "\(refused)")
      }
      #expect(try program.scratch.files(below: "out") == before)
    }

    @Test("whoever reads the output and leaves takes no work along")
    func closedOutput() throws {
      let program = try Program(examples: 10)
      try program.recipe("mask_fisher")
      let outcome = try Launching.run(
        [
          "bash", "-c",
          "\(Launching.product("fishermerge")) merge recipe.yaml --output merged | true; exit ${PIPESTATUS[0]}",
        ], environment: [:], directory: URL(fileURLWithPath: program.scratch.path.string))
      #expect(outcome.status == 74 && outcome.messages == 1, "\(outcome)")
      #expect(outcome.message.contains("standard output"), "\(outcome)")
      try program.succeed(["inspect", "merged"])
    }

    @Test(
      "SIGUSR1 writes a checkpoint and the run goes on; SIGUSR2, SIGTERM and Ctrl-C end it with 75",
      arguments: [nil, 3])
    func signals(ranks: Int?) throws {
      let program = try Program(examples: 4000)
      try program.recipe("mask_fisher")
      try program.succeed(["merge", "recipe.yaml", "--output", "whole"])
      let launch = ranks.map { "\(Launching.repository.path)/launch/local \($0)" } ?? Launching.product("fishermerge")
      func run(_ signal: String, until condition: String, _ output: String) throws -> Outcome {
        try Launching.run(
          [
            "bash", "-c",
            """
            # Else the shell has what it starts in the background ignore SIGINT.
            set -m
            rm -f kept/*.examples
            \(launch) merge recipe.yaml --output \(output) --checkpoint kept --resume & job=$!
            until ls kept/*.examples >/dev/null 2>&1 || ! kill -0 $job 2>/dev/null; do sleep 0.05; done
            kill -\(signal) $job
            \(condition)
            code=0; wait $job || code=$?
            # A trapped signal ends nothing, but bash's own wait ends early for one.
            while kill -0 $job 2>/dev/null; do wait $job || code=$?; done
            exit $code
            """,
          ], environment: ["FISHERMERGE": Launching.product("fishermerge")],
          directory: URL(fileURLWithPath: program.scratch.path.string))
      }
      let wait = "until ls kept/*.sums >/dev/null 2>&1 || ! kill -0 $job 2>/dev/null; do sleep 0.02; done; "
      let stopped = try run("USR2", until: "", "merged")
      #expect(stopped.status == 75 && stopped.messages == 1, "\(stopped)")
      #expect(stopped.message.contains("a signal to stop: the run was interrupted"), "\(stopped)")
      let asked = try run("USR1", until: wait + "ls kept/*.sums && kill -KILL $job", "merged")
      #expect(asked.output.contains(".sums"), "\(asked)")
      if ranks == nil {
        let ended = try run("TERM", until: "", "merged")
        #expect(ended.status == 75, "\(ended)")
        let closed = try run("HUP", until: "", "merged")
        #expect(closed.status == 75 && closed.messages == 1, "\(closed)")
        let typed = try run("INT", until: "", "merged")
        #expect(typed.status == 75 && typed.messages == 1, "\(typed)")
        // Whoever types it twice does not wait.
        let twice = try run("INT", until: "kill -INT $job", "merged")
        #expect([75, 130].contains(twice.status), "\(twice)")
      }
      try program.succeed(["merge", "recipe.yaml", "--output", "merged", "--checkpoint", "kept", "--resume"], ranks: 2)
      try expectSameModels(program, "whole", "merged")
    }
  }
}
