import Checkpoints
import Foundation
import TestSupport
import Testing

extension ProgramTests {
  @Suite("Statistics files", .serialized)
  struct StatisticsTests {
    private func estimate(
      _ program: Program, _ data: String, _ statistics: [String], _ output: String, more: [String] = []
    ) throws -> SafetensorsFile {
      try program.succeed(
        ["estimate", "--model", Program.model("three"), "--data", data, "--output", output]
          + statistics.flatMap { ["--statistic", $0] } + more)
      return try SafetensorsFile(path: program.path(output))
    }

    /// Estimates a file of `lines` and its two parts; gives the worst difference between the parts' sum and the whole, in
    /// each tensor, as a multiple of what is allowed.
    private func shards(
      _ lines: [String], first count: Int, relative: Double, absolute: Double
    ) throws -> [(tensor: String, error: Double)] {
      let program = try Program(examples: 1)
      for (name, part) in [("whole", lines[...]), ("first", lines[..<count]), ("second", lines[count...])] {
        try program.scratch.write("\(name).jsonl", part.joined(separator: "\n") + "\n")
      }
      let both = ["mask-fisher", "fisher"]
      let whole = try estimate(program, "whole.jsonl", both, "whole.safetensors")
      let first = try estimate(program, "first.jsonl", both, "first.safetensors")
      let second = try estimate(program, "second.jsonl", both, "second.safetensors")
      #expect(whole.metadata("examples") == "\(lines.count)" && first.metadata("examples") == "\(count)")
      #expect(whole.tensors.count > 50 && whole.tensors.allSatisfy { $0.type == .float64 })
      return try whole.tensors.map { tensor in
        let sum = try zip(first.values(tensor.name), second.values(tensor.name)).map { $0 + $1 }
        let expected = try whole.values(tensor.name)
        return (tensor.name, worstError(sum, expected, relative: relative, absolute: absolute))
      }
    }

    @Test("the sums of two shards add up to the sums of the whole")
    func shards() throws {
      let lines = SyntheticText.jsonLines(examples: 150, classes: 3, seed: 3).split(separator: "\n").map(String.init)
      // Other blocks are other products in single precision, so sums agree as far as single precision goes.
      for (tensor, error) in try shards(lines, first: 70, relative: 1e-6, absolute: 1e-9) {
        #expect(error <= 1, "\(tensor): \(error)")
      }
    }

    @Test("where the shards are cut into the same blocks as the whole, nothing but the sums' own rounding is left")
    func shardsOfSameBlocks() throws {
      // 34 · 15 = 510 of at most 512 tokens, and no short one fits beside them.
      var text = SyntheticText(seed: 12)
      let lines = (0..<98).map { row in #"{"sentence": "\#(text.sentence(words: row < 34 ? 13 : 5))", "label": 0}"# }
      for (tensor, error) in try shards(lines, first: 34, relative: 0, absolute: 1e-12) {
        #expect(error <= 1, "\(tensor): \(error)")
      }
    }

    @Test("two statistics in one pass are each what it is alone, bit for bit")
    func onePass() throws {
      let program = try Program()
      let both = try estimate(program, "three.jsonl", ["fisher", "mask-fisher"], "both.safetensors")
      var names: [String] = []
      for kind in ["mask-fisher", "fisher"] {
        let alone = try estimate(program, "three.jsonl", [kind], "\(kind).safetensors")
        #expect(alone.metadata("statistics") == kind)
        for tensor in alone.tensors {
          names.append(tensor.name)
          #expect(try alone.values(tensor.name) == both.values(tensor.name), "\(tensor.name)")
        }
      }
      #expect(both.metadata("statistics") == "mask-fisher,fisher")
      #expect(names.sorted() == both.tensors.map(\.name).sorted())
      #expect(both["head_mask"]?.shape == [3, 3] && both["neuron_mask"]?.shape == [3, 40])
      #expect(both["bert.encoder.layer.2.output.dense.weight"]?.shape == [18, 40])
    }

    @Test("metadata say what the sums are sums of")
    func metadata() throws {
      let program = try Program()
      let more = ["--expectation", "sampled", "--draws", "3", "--seed", "4", "--examples", "20", "--dtype", "float32"]
      let file = try estimate(program, "three.jsonl", ["mask-fisher"], "s.safetensors", more: more)
      #expect(file.tensors.allSatisfy { $0.type == .float32 })
      #expect(file.metadata("fishermerge_statistics") == "1" && file.metadata("examples") == "20")
      #expect(file.metadata("expectation") == "sampled" && file.metadata("draws") == "3")
      #expect(file.metadata("seed") == "4" && file.metadata("model_type") == "bert")
      let data = try MappedFile(path: program.path("three.jsonl"))
      #expect(file.metadata("data_sha256") == data.sha256)
      let model = try MappedFile(path: Reference.directory.appending("models/three/model.safetensors"))
      #expect(file.metadata("model_sha256") == model.sha256)
      let inspected = try program.succeed(["inspect", "s.safetensors"]).output
      #expect(inspected.contains("mask-fisher, expectation sampled, sums over 20 examples"), "\(inspected)")
    }

    @Test("sums equal the float64 reference of examples that text can give")
    func reference() throws {
      let program = try Program()
      let examples = try JSON(contentsOf: Reference.directory.appending("examples.json"))["examples"]?.array ?? []
      let single = examples.enumerated().filter { $1["sentence"] != nil }
      try program.scratch.write(
        "reference.jsonl", single.map { "{\"sentence\": \"\($1["sentence"]?.string ?? "")\"}\n" }.joined())
      let file = try estimate(program, "reference.jsonl", ["mask-fisher"], "r.safetensors")
      let golden = try Reference.golden("three.outputs")
      for name in ["head_mask", "neuron_mask"] {
        let each = try golden.values(name)
        let count = each.count / 9
        let expected = (0..<count).map { entry in single.reduce(0.0) { $0 + each[$1.offset * count + entry] } }
        // Float gradients, as in the statistics' own tests.
        #expect(worstError(try file.values(name), expected, relative: 1e-4, absolute: 1e-6) < 1, "\(name)")
      }
    }
  }
}
