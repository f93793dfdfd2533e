import Parameters
import Checkpoints
import Foundation
import TestSupport
import Testing

/// The folder of real models and data beside the package, or where FISHERMERGE_SHARED says.
private let shared: URL? = {
  let stated = ProcessInfo.processInfo.environment["FISHERMERGE_SHARED"].map { URL(fileURLWithPath: $0) }
  let folder = stated ?? Launching.repository.deletingLastPathComponent().appendingPathComponent("shared")
  let model = folder.appendingPathComponent("models/bert-tiny/sst2/model.safetensors")
  return FileManager.default.fileExists(atPath: model.path) ? folder : nil
}()

/// A setting whose accuracy an independent implementation measured on these checkpoints.
struct MeasuredMerge: CustomTestStringConvertible, Sendable {
  let method: String
  let parameters: String
  var heads = "keep"
  /// The mean accuracy over the four tasks in percent.
  let accuracy: Double
  var testDescription: String { "\(method) \(parameters), heads: \(heads)" }

  static let all = [
    MeasuredMerge(method: "linear", parameters: "", accuracy: 62.9),
    MeasuredMerge(method: "fisher", parameters: "floor: 1.0e-6, normalize: none", accuracy: 70.2),
    MeasuredMerge(method: "fisher", parameters: "floor: 1.0e-6, normalize: tensor", accuracy: 69.4),
    MeasuredMerge(method: "mask_fisher", parameters: "preset: fisher-nodes", accuracy: 61.1),
    MeasuredMerge(method: "mask_fisher", parameters: "token_nodes: false", accuracy: 66.8),
    MeasuredMerge(method: "mask_fisher", parameters: "rule: structural, normalize: model", accuracy: 68.3),
    MeasuredMerge(method: "regmean", parameters: "off_diagonal: 1.0", accuracy: 74.0),
    MeasuredMerge(method: "distill", parameters: "", accuracy: 84.4),
    MeasuredMerge(method: "linear", parameters: "", heads: "resolve", accuracy: 78.1),
  ]
}

extension ProgramTests {
  @Suite(
    "The real checkpoints", .serialized,
    .enabled(if: shared != nil, "no shared models beside the package; FISHERMERGE_SHARED names another place"))
  struct SharedCheckpointTests {
    static let tasks = ["sst2", "trec", "subj", "sick"]

    @Test(
      "the mean accuracy of a merge of all four is within a point of what was measured", arguments: MeasuredMerge.all)
    func accuracy(measured: MeasuredMerge) throws {
      let folder = try #require(shared)
      let program = try Program(examples: 1)
      // The first 512 training rows and the first 2000 test rows, as the measurement had them.
      func head(_ task: String, _ split: String, _ count: Int) throws {
        let text = try String(contentsOf: folder.appendingPathComponent("data/\(task)/\(split).jsonl"), encoding: .utf8)
        try program.scratch.write(
          "\(task).\(split).jsonl", text.split(separator: "\n").prefix(count).joined(separator: "\n") + "\n")
      }
      var entries = ""
      for task in Self.tasks {
        try head(task, "train", 512)
        try head(task, "test", 2000)
        entries += "  - {model: \(folder.path)/models/bert-tiny/\(task), data: \(task).train.jsonl}\n"
      }
      try program.scratch.write(
        "recipe.yaml",
        "merge_method: \(measured.method)\nheads: \(measured.heads)\nparameters: {\(measured.parameters)}\nmodels:\n\(entries)"
      )
      try program.succeed(["merge", "recipe.yaml", "--output", "merged"], ranks: 2)
      var sum = 0.0
      for task in Self.tasks {
        try program.succeed(
          ["evaluate", "--model", "merged/\(task)", "--data", "\(task).test.jsonl", "--json", "score.json"])
        sum += try #require(try program.json("score.json")["value"]?.double)
      }
      let mean = 100 * sum / Double(Self.tasks.count)
      #expect(abs(mean - measured.accuracy) < 1, "\(mean) %")
    }
  }
}
