import Checkpoints
import Foundation
import LinearAlgebra
import TestSupport
import Testing

extension ProgramTests {
  @Suite("Statistics files", .serialized)
  struct StatisticsTests {
    static let all = ["mask_fisher", "fisher", "gram"]

    private func arguments(_ data: String, _ statistics: [String], _ output: String, more: [String] = []) -> [String] {
      ["estimate", "--model", Program.model("three"), "--data", data, "--output", output]
        + statistics.flatMap { ["--statistic", $0] } + more
    }

    private func estimate(
      _ program: Program, _ data: String, _ statistics: [String], _ output: String, more: [String] = []
    ) throws -> SafetensorsFile {
      try program.succeed(arguments(data, statistics, output, more: more))
      return try SafetensorsFile(path: program.path(output))
    }

    /// The worst difference between two files' tensors relative to each tensor's largest entry; second moments apart,
    /// which are kept with fewer digits.
    private func difference(_ a: SafetensorsFile, _ b: SafetensorsFile) throws -> (sums: Double, moments: Double) {
      #expect(a.tensors.map(\.name) == b.tensors.map(\.name) && a.tensors.count > 100)
      var worst = (sums: 0.0, moments: 0.0)
      for tensor in a.tensors where tensor.type == .float64 {
        let error = worstError(try a.values(tensor.name), try b.values(tensor.name), relative: 0, absolute: 1)
        if tensor.name.hasSuffix(".second_moment") {
          worst.moments = max(worst.moments, error)
        } else {
          worst.sums = max(worst.sums, error)
        }
      }
      return worst
    }

    /// The model's widths are small, so that this holds for OpenBLAS's AVX2 kernels only by chance.
    static let rowsAreAlike = Processor.rowsAreAlike

    @Test(
      "the files of three sites, and those of three shards, combine to what one estimation over all gives",
      .enabled(if: rowsAreAlike, "OpenBLAS's kernels for this processor round rows by their place"))
    func sites() throws {
      let program = try Program(examples: 1)
      let lines = SyntheticText.jsonLines(examples: 300, classes: 3, seed: 3).split(separator: "\n").map(String.init)
      let cuts = [("whole", 0..<300), ("a", 0..<90), ("b", 90..<230), ("c", 230..<300)]
      for (name, rows) in cuts {
        try program.scratch.write("\(name).jsonl", lines[rows].joined(separator: "\n") + "\n")
      }
      let whole = try estimate(program, "whole.jsonl", Self.all, "whole.st", more: ["--classifier"])
      for site in ["a", "b", "c"] {
        _ = try estimate(program, "\(site).jsonl", Self.all, "\(site).st", more: ["--classifier"])
        // A site's file says nothing of where it was made.
        let text = try String(
          decoding: Data(contentsOf: URL(fileURLWithPath: program.path("\(site).st").string)), as: UTF8.self)
        #expect(!text.contains("jsonl") && !text.contains(Program.model("three")))
      }
      // Random sentences of few words are often alike.
      try program.succeed(["combine", "-o", "sites.st", "b.st", "a.st", "c.st", "--allow-overlap"])
      for shard in 1...3 {
        let part = try estimate(
          program, "whole.jsonl", Self.all, "shard\(shard).st", more: ["--classifier", "--shard", "\(shard)/3"])
        #expect(part.metadata("examples") == "100")
      }
      // Under a launcher one process does the work.
      try program.succeed(["combine", "-o", "shards.st", "shard1.st", "shard2.st", "shard3.st"], ranks: 2)
      try program.succeed(["combine", "-o", "again.st", "shard3.st", "shard1.st", "shard2.st"])
      let files = try program.scratch.files(below: ".")
      #expect(files["again.st"] == files["shards.st"])
      for name in ["sites.st", "shards.st"] {
        let combined = try SafetensorsFile(path: program.path(name))
        for key in ["examples", "tokens", "statistics", "expectation", "model_sha256", "layers"] {
          #expect(combined.metadata(key) == whole.metadata(key), "\(key)")
        }
        #expect(
          combined["fingerprints"]?.bytes.elementsEqual(whole["fingerprints"]?.bytes ?? .init(start: nil, count: 0))
            == true)
        let difference = try difference(combined, whole)
        // The statistics to 1e-12 of a tensor's largest; errors of statistics need no more than a few digits.
        #expect(difference.sums < 1e-12 && difference.moments < 1e-6, "\(name): \(difference)")
      }
      let verified = try program.succeed(
        ["verify", "sites.st", "shards.st", "whole.st", "--model", Program.model("three"), "--json", "verified.json"])
      #expect(verified.output.contains("shards.st: hash: ") && verified.messages == 0)
      #expect(try program.json("verified.json")["files"]?.array?.map { $0["passed"]?.bool } == [true, true, true])
    }

    @Test("two statistics in one pass are each what it is alone, bit for bit")
    func onePass() throws {
      let program = try Program()
      let both = try estimate(program, "three.jsonl", Self.all.reversed(), "both.safetensors")
      var names: [String] = []
      for kind in Self.all {
        let alone = try estimate(program, "three.jsonl", [kind], "\(kind).safetensors", more: ["--no-fingerprints"])
        let companion = ["mask_fisher": ",token_fisher", "gram": ",token_counts"][kind] ?? ""
        #expect(alone.metadata("statistics") == kind + companion)
        #expect(alone.metadata("expectation") == (kind == "gram" ? "none" : "expected"))
        for tensor in alone.tensors {
          names.append(tensor.name)
          #expect(try alone.values(tensor.name) == both.values(tensor.name), "\(tensor.name)")
        }
      }
      #expect(both.metadata("statistics") == "mask_fisher,fisher,gram,token_counts,token_fisher")
      #expect((names + ["fingerprints"]).sorted() == both.tensors.map(\.name).sorted())
      #expect(both["head_mask"]?.shape == [3, 3] && both["neuron_mask.second_moment"]?.shape == [3, 40])
      #expect(both["bert.encoder.layer.2.output.dense.weight"]?.shape == [18, 40])
      #expect(both["gram.2.output"]?.shape == [820] && both["gram.2.output.sum"]?.shape == [40])
      #expect(both["gram.classifier"] == nil && both["fingerprints"]?.shape == [150])
    }

    @Test("metadata say what the sums are sums of")
    func metadata() throws {
      let program = try Program()
      let more = ["--expectation", "sampled", "--draws", "3", "--seed", "4", "--examples", "20", "--dtype", "float32"]
      let file = try estimate(
        program, "three.jsonl", ["mask_fisher"], "s.safetensors", more: more + ["--shard", "2/4"])
      #expect(file.tensors.allSatisfy { $0.type == ($0.name == "fingerprints" ? .int64 : .float32) })
      #expect(file.metadata("fishermerge_statistics") == "3" && file.metadata("examples") == "20")
      #expect(file.metadata("expectation") == "sampled" && file.metadata("draws") == "3")
      #expect(file.metadata("seed") == "4" && file.metadata("model_type") == "bert")
      #expect(file.metadata("intermediate") == "40" && file.metadata("outputs") == "3")
      let data = try MappedFile(path: program.path("three.jsonl"))
      #expect(file.metadata("data_sha256") == data.sha256)
      let model = try MappedFile(path: Reference.directory.appending("models/three/model.safetensors"))
      #expect(file.metadata("model_sha256") == model.sha256)
      let parts = try JSON(parsing: Array((file.metadata("parts") ?? "").utf8)).array ?? []
      #expect(parts.count == 1 && parts[0]["selection"] == "random 20 seed 4" && parts[0]["shard"] == "2/4")
      #expect(parts[0]["data_sha256"]?.string == data.sha256 && parts[0]["max_length"]?.integer == 24)
      let inspected = try program.succeed(["inspect", "s.safetensors"]).output
      #expect(
        inspected.contains("mask_fisher and token_fisher, expectation sampled with 3 draws, sums over 20 examples"),
        "\(inspected)")
    }

    @Test("options that have no meaning are refused before any work")
    func options() throws {
      let program = try Program(examples: 5)
      for (kinds, more, says) in [
        (["gram"], ["--expectation", "empirical"], "--expectation has no meaning for --statistic gram"),
        (["fisher"], ["--classifier"], "--classifier belongs to --statistic gram"),
        (["mask-fischer"], [], "did you mean mask_fisher? known: mask_fisher, fisher, gram"),
        (["fisher"], ["--until-error", "1"], "--until-error must be between 0 and 1"),
        (["fisher"], ["--shard", "4/3"], "4/3"),
      ] {
        let outcome = try program.run(arguments("three.jsonl", kinds, "s.st", more: more))
        #expect(outcome.status == 64 && outcome.errors.contains(says), "\(outcome)")
      }
    }

    @Test("a damaged file, files of other models and the same file twice end with code 65 and one message")
    func failures() throws {
      let program = try Program(examples: 12)
      _ = try estimate(program, "three.jsonl", ["mask_fisher"], "a.st")
      let url = URL(fileURLWithPath: program.path("a.st").string)
      var bytes = try Data(contentsOf: url)
      try bytes.write(to: URL(fileURLWithPath: program.path("copy.st").string))
      let twice = try program.run(["combine", "-o", "c.st", "a.st", "copy.st"])
      #expect(twice.status == 65 && twice.messages == 1 && twice.message.contains("the same 12 examples"), "\(twice)")
      let other = try program.run(["verify", "a.st", "--model", Program.model("two")])
      #expect(
        other.status == 65 && other.message.contains(": outputs differ (3 and 2)"), "\(other)"
      )
      bytes[bytes.count - 5] ^= 4
      try bytes.write(to: url)
      let damaged = try program.run(["verify", "a.st", "copy.st"], ranks: 2)
      #expect(damaged.status == 65 && damaged.messages == 1 && damaged.message.contains("was damaged"), "\(damaged)")
      #expect(damaged.output.contains("copy.st: second moments: "), "\(damaged)")
      #expect(try !program.scratch.names().contains { $0.hasPrefix("c.st") || $0.contains("partial") })
    }

    @Test(
      "an estimation until an error stops early, with the same bits for every number of ranks, and as a smaller choice would"
    )
    func untilError() throws {
      let program = try Program(examples: 900)
      let more = ["--until-error", "0.2", "--seed", "3", "--json", "e.json"]
      let command = arguments("../three.jsonl", Self.all, "s.st", more: more)
      let outcome = try program.succeed(command, in: "plain")
      let json = try program.json("plain/e.json")
      let used = try #require(json["examples"]?.integer)
      #expect([256, 320, 400, 500, 625, 781].contains(used), "\(outcome)")
      for (table, error) in json["relative_errors"]?.members?.map({ ($0.key, $0.value.double ?? 1) }) ?? [] {
        #expect(error <= 0.2, "\(table)")
      }
      let expected = try program.scratch.files(below: "plain")["s.st"]
      for ranks in [1, 2, 3, 5] {
        try program.succeed(command, ranks: ranks, in: "on-\(ranks)")
        #expect(try program.scratch.files(below: "on-\(ranks)")["s.st"] == expected, "\(ranks) ranks")
      }
      let smaller = try estimate(
        program, "three.jsonl", Self.all, "k.st", more: ["--examples", "\(used)", "--seed", "3"])
      let stopped = try SafetensorsFile(path: program.path("plain/s.st"))
      for key in ["examples", "tokens", "examples_sha256", "parts"] {
        #expect(stopped.metadata(key) == smaller.metadata(key), "\(key)")
      }
      if Processor.rowsAreAlike {
        let difference = try difference(stopped, smaller)
        #expect(difference.sums < 1e-12, "\(difference)")
      }
      // Before the last round it was not known well enough.
      #expect(outcome.errors.components(separatedBy: "relative standard error after ").count > 2 || used == 256)
      let never = try program.succeed(
        arguments("three.jsonl", ["gram"], "never.st", more: ["--until-error", "0.0001", "--json", "never.json"]))
      #expect(try program.json("never.json")["examples"]?.integer == 900)
      #expect(
        never.errors.contains("warning: ") && never.errors.contains("takes more examples than there are"), "\(never)")
    }

    /// At 6e4 one entry overflows but its tensor's trace does not, so the errors are known; at 1e9 both do.
    @Test(
      "a second pass evaluates the examples of the rounds that were done; all where errors were not known",
      arguments: [(6e4, true), (1e9, false)])
    func secondPass(factor: Double, isKnown: Bool) throws {
      let program = try Program(examples: 1)
      try program.writeRiver { model, river in model.amplify(river, by: factor) }
      let text = try String(contentsOfFile: program.path("three.jsonl").string, encoding: .utf8)
      try program.scratch.write("many.jsonl", String(repeating: text, count: 6))
      let command = [
        "estimate", "--model", "../rare", "--data", "../many.jsonl", "--statistic", "fisher", "--output", "s.st",
        "--until-error", "0.9", "--json", "e.json",
      ]
      let outcome = try program.succeed(command, in: "plain")
      let json = try program.json("plain/e.json")
      #expect(json["passes"]?.integer == 2 && json["examples"]?.integer == (isKnown ? 256 : 6 * 94), "\(outcome)")
      #expect(outcome.errors.contains("not known before a second pass") != isKnown, "\(outcome)")
      try program.succeed(command, ranks: 2, in: "on-2")
      #expect(
        try program.scratch.files(below: "on-2")["s.st"] == program.scratch.files(below: "plain")["s.st"])
      try program.succeed(["verify", "plain/s.st"])
      // What a choice of so many gives, which needs no rounds.
      let smaller = [
        "estimate", "--model", "rare", "--data", "many.jsonl", "--statistic", "fisher", "--output", "k.st",
        "--examples",
        "\(json["examples"]?.integer ?? 0)",
      ]
      try program.succeed(smaller)
      let name = "bert.encoder.layer.0.output.dense.weight"
      let values = try SafetensorsFile(path: program.path("plain/s.st")).values(name)
      let expected = try SafetensorsFile(path: program.path("k.st")).values(name)
      #expect(worstError(values, expected, relative: 0, absolute: 1e-5) < 1)
    }

    @Test("sums equal the float64 reference of examples that text can give")
    func reference() throws {
      let program = try Program()
      let examples = try JSON(contentsOf: Reference.directory.appending("examples.json"))["examples"]?.array ?? []
      let single = examples.enumerated().filter { $1["sentence"] != nil }
      try program.scratch.write(
        "reference.jsonl", single.map { "{\"sentence\": \"\($1["sentence"]?.string ?? "")\"}\n" }.joined())
      let file = try estimate(program, "reference.jsonl", ["mask_fisher"], "r.safetensors")
      let golden = try Reference.golden("three.outputs")
      for name in ["head_mask", "neuron_mask"] {
        let each = try golden.values(name)
        let count = each.count / 9
        let expected = (0..<count).map { entry in single.reduce(0.0) { $0 + each[$1.offset * count + entry] } }
        // Float gradients, as in the statistics' own tests.
        #expect(worstError(try file.values(name), expected, relative: 1e-4, absolute: 1e-6) < 1, "\(name)")
        let squares = (0..<count).map { entry in
          single.reduce(0.0) { $0 + each[$1.offset * count + entry] * each[$1.offset * count + entry] }
        }
        let found = try file.values(name + ".second_moment")
        #expect(worstError(found, squares, relative: 2e-4, absolute: 1e-6) < 1, "\(name)")
      }
    }

    static let hasNumPy: Bool = (try? Launching.run(["python3", "-c", "import numpy"], seconds: 60))?.status == 0

    @Test(
      "ten lines of NumPy read a file, and the documentation shows these lines",
      .enabled(if: hasNumPy, "python3 cannot import numpy"), arguments: ["float64", "float32"])
    func numPy(type: String) throws {
      let program = try Program(examples: 20)
      let file = try estimate(program, "three.jsonl", Self.all, "s.st", more: ["--dtype", type])
      let script = Reference.directory.appending("read_statistics.py").string
      let outcome = try Launching.run(["python3", script, program.path("s.st").string])
      try #require(outcome.status == 0, "\(outcome)")
      let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
      #expect(lines.map { $0[0] } == file.tensors.map(\.name))
      for (line, tensor) in zip(lines, file.tensors) {
        #expect(line[1] == tensor.shape.map(String.init).joined(separator: "x"))
        guard tensor.type != .int64 else { continue }
        let values = try file.values(tensor.name)
        #expect(line[2...].map(Double.init) == [values[0], values[values.count - 1], values.max()], "\(tensor.name)")
      }
    }

    @Test("the lines of NumPy in the documentation are those that are tested")
    func documented() throws {
      func text(_ path: String) throws -> String {
        try String(contentsOf: Launching.repository.appendingPathComponent(path), encoding: .utf8)
      }
      let script = try text("Tests/Reference/read_statistics.py")
      let lines = try #require(script.components(separatedBy: "\n# For the tests").first)
      #expect(try text("docs/file-formats.md").contains(lines.trimmingCharacters(in: .newlines)))
    }
  }
}
