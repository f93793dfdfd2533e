import Parameters
import Checkpoints
import Foundation
import TestSupport
import Testing

/// A mode with settings for the reference's models.
struct RunningMode: CustomTestStringConvertible, Sendable {
  let mode: String
  let method: String
  let parameters: String
  /// What the settings say.
  let words: String
  var testDescription: String { mode }

  static let all = [
    RunningMode(
      mode: "fisher-nodes", method: "mask_fisher", parameters: "examples: 100, batch_size: 8, seed: 3",
      words: "compatibility fisher-nodes, batches of 8"),
    RunningMode(
      mode: "matena-raffel", method: "fisher", parameters: "examples: 60, sequence_length: 24",
      words: "compatibility matena-raffel, padded to 24 tokens"),
    RunningMode(
      mode: "dataless", method: "regmean", parameters: "batch_size: 8", words: "compatibility dataless, batches of 8"),
  ]
}

extension ProgramTests {
  @Suite("Compatibility modes", .serialized)
  struct CompatibilityTests {
    @Test("the same bits for every number of ranks, and a warning in front", arguments: RunningMode.all)
    func sameBits(mode: RunningMode) throws {
      let program = try Program()
      try program.recipe(mode.method, mode.parameters, more: "compatibility: \(mode.mode)")
      let command = ["merge", "../recipe.yaml", "--output", "merged"]
      func output(_ directory: String) throws -> [String: Data] {
        try program.scratch.files(below: "\(directory)/merged").filter {
          !["manifest.json", "report.html"].contains($0.key)
        }
      }
      let alone = try program.succeed(command, in: "plain")
      let warning = "warning: compatibility \(mode.mode): this reproduces a published program with its defects"
      #expect(alone.errors.contains(warning) && alone.errors.contains("docs/compatibility.md"), "\(alone)")
      let manifest = try program.json("plain/merged/manifest.json")
      #expect(manifest["compatibility"]?.string == mode.mode)
      #expect(manifest["settings"]?.string?.contains(mode.words) == true)
      let card = try String(contentsOfFile: program.path("plain/merged/two/README.md").string, encoding: .utf8)
      #expect(card.contains(mode.words), "\(card)")
      let expected = try output("plain")
      #expect(expected.keys.count { $0.hasSuffix(".safetensors") } == 4)
      for ranks in [1, 2, 3, 5] {
        try program.succeed(command, ranks: ranks, in: "on-\(ranks)")
        #expect(try output("on-\(ranks)") == expected, "\(ranks) ranks")
      }
    }

    @Test("a mode changes the merge, and without one nothing says so", arguments: RunningMode.all)
    func different(mode: RunningMode) throws {
      let program = try Program(examples: 60)
      let ours = [
        "mask_fisher": "preset: fisher-nodes, expectation: empirical", "fisher": "preset: matena-raffel",
        "regmean": "off_diagonal: 1",
      ]
      try program.recipe(mode.method, mode.parameters, more: "compatibility: \(mode.mode)", name: "theirs.yaml")
      try program.recipe(mode.method, ours[mode.method] ?? "", name: "ours.yaml")
      try program.succeed(["merge", "theirs.yaml", "--output", "theirs"])
      let outcome = try program.succeed(["merge", "ours.yaml", "--output", "ours"])
      #expect(!outcome.errors.contains("compatibility"))
      #expect(try program.json("ours/manifest.json")["compatibility"] == .null)
      let name = "bert.encoder.layer.0.attention.self.query.weight"
      let found = try ["theirs", "ours"].map {
        try SafetensorsFile(path: program.path("\($0)/two/model.safetensors")).values(name)
      }
      #expect(worstError(found[0], found[1], relative: 0, absolute: 1e-3) > 1)
    }

    @Test("too few rows for RegMean without a ridge: an error and no other number")
    func singular() throws {
      let program = try Program(examples: 2)
      try program.recipe("regmean", more: "compatibility: dataless")
      let outcome = try program.run(["merge", "recipe.yaml", "--output", "merged"], ranks: 2)
      #expect(outcome.status == 65 && outcome.messages == 1, "\(outcome)")
      #expect(outcome.message.contains("not positive definite"), "\(outcome)")
      #expect(!FileManager.default.fileExists(atPath: program.path("merged").string))
    }
  }
}
