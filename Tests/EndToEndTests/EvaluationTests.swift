import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

/// The folder of real models and data beside the package, or where FISHERMERGE_SHARED says.
private let shared: URL? = {
  let stated = ProcessInfo.processInfo.environment["FISHERMERGE_SHARED"].map { URL(fileURLWithPath: $0) }
  let folder = stated ?? Launching.repository.deletingLastPathComponent().appendingPathComponent("shared")
  let results = folder.appendingPathComponent("models/bert-tiny/sst2/eval_results.json")
  return FileManager.default.fileExists(atPath: results.path) ? folder : nil
}()

extension ProgramTests {
  @Suite("Evaluation", .serialized)
  struct EvaluationTests {
    /// The text of a file in the program's directory.
    private func text(_ name: String, of program: Program) throws -> String {
      try String(contentsOfFile: program.path(name).string, encoding: .utf8)
    }

    /// Gives the classes of `three` names, in this order.
    private func name(_ labels: [String], in model: inout EditedModel) {
      for (index, label) in labels.enumerated() {
        model.config = model.config.replacing("\"LABEL_\(index)\"", with: "\"\(label)\"")
      }
    }

    /// A model `named` with the classes a, b, c, and a file `own.jsonl` with the names that it predicts as labels.
    private func named() throws -> Program {
      let program = try Program(examples: 150)
      var model = try EditedModel("three")
      name(["a", "b", "c"], in: &model)
      try model.write("named", in: program.scratch)
      let command = ["evaluate", "--model", "named", "--data", "three.jsonl", "--predictions", "predictions.jsonl"]
      try program.succeed(command)
      let rows = try text("three.jsonl", of: program).split(separator: "\n")
      let predicted = try text("predictions.jsonl", of: program).split(separator: "\n")
      #expect(rows.count == 150 && predicted.count == 150)
      let lines = try zip(rows, predicted).map { row, line in
        let sentence = try #require(try JSON(parsing: Array(row.utf8))["sentence"])
        let label = try #require(try JSON(parsing: Array(line.utf8))["prediction"])
        return (["sentence": sentence, "label": label] as JSON).serialized(indentation: nil)
      }
      try program.scratch.write("own.jsonl", lines.joined(separator: "\n") + "\n")
      return program
    }

    @Test("text, JSON and predictions have the same bytes on 1, 2 and 3 ranks")
    func ranks() throws {
      let program = try Program(examples: 150)
      let command = [
        "evaluate", "--model", Program.model("three"), "--model", Program.model("three"), "--data", "../three.jsonl",
        "--baseline", "majority", "--json", "score.json", "--predictions", "predictions.jsonl", "--quiet",
      ]
      let alone = try program.succeed(command, in: "plain").output
      #expect(alone.contains("majority (LABEL_") && alone.contains("precision"), "\(alone)")
      for ranks in [2, 3] {
        #expect(try program.succeed(command, ranks: ranks, in: "on-\(ranks)").output == alone)
        #expect(try program.scratch.files(below: "on-\(ranks)") == program.scratch.files(below: "plain"))
      }
    }

    @Test("an ensemble of a model with itself is the model, also where the other copy has its classes in another order")
    func ensemble() throws {
      let program = try named()
      var other = try EditedModel("three")
      // The rows of the head and their names, c first: the same model.
      let order = [2, 0, 1]
      let (weight, bias) = (other["classifier.weight"], other["classifier.bias"])
      other["classifier.weight"] = order.flatMap { Array(weight[$0 * 18..<($0 + 1) * 18]) }
      other["classifier.bias"] = order.map { bias[$0] }
      name(["c", "a", "b"], in: &other)
      try other.write("reordered", in: program.scratch)
      func evaluate(_ models: [String], _ name: String) throws -> JSON {
        try program.succeed(
          ["evaluate"] + models.flatMap { ["--model", $0] }
            + ["--data", "own.jsonl", "--json", "score.json", "--predictions", name])
        return try program.json("score.json")
      }
      let single = try evaluate(["named"], "single")
      #expect(single["value"]?.double == 1)
      let double = try evaluate(["named", "named"], "double")
      #expect(try text("double", of: program) == text("single", of: program))
      #expect(double["confusion"] == single["confusion"])
      let mixed = try evaluate(["named", "reordered"], "mixed")
      #expect(mixed["confusion"] == single["confusion"] && mixed["scores"] == single["scores"])
      #expect(mixed["label_maps"]?.array == [.null, .null])
      // By index instead of by name this would be another model.
      name(["a", "b", "c"], in: &other)
      other.config = try EditedModel("three").config
      name(["a", "b", "c"], in: &other)
      try other.write("mistaken", in: program.scratch)
      #expect(try evaluate(["named", "mistaken"], "mistaken.jsonl")["value"]?.double ?? 1 < 0.9)
    }

    @Test("models of other labels are no ensemble: the error has both maps")
    func mismatch() throws {
      let program = try named()
      let outcome = try program.run(
        ["evaluate", "--model", "named", "--model", Program.model("three"), "--data", "own.jsonl"], ranks: 2)
      #expect(outcome.status == 65 && outcome.messages == 1, "\(outcome)")
      #expect(outcome.message.contains("(a, b, c and LABEL_0, LABEL_1, LABEL_2)"), "\(outcome)")
      let kinds = try program.run(
        ["evaluate", "--model", "named", "--model", Program.model("regression"), "--data", "own.jsonl"])
      #expect(kinds.status == 65 && kinds.message.contains("regression"), "\(kinds)")
    }

    @Test("a permuted label map is reported with the entries that fit; with these the model is right")
    func permuted() throws {
      let program = try named()
      #expect(
        !(try program.succeed(["evaluate", "--model", "named", "--data", "own.jsonl"]).errors.contains("warning")))
      var model = try EditedModel("three")
      name(["b", "c", "a"], in: &model)
      try model.write("permuted", in: program.scratch)
      let command = ["evaluate", "--model", "permuted", "--data", "own.jsonl", "--json", "score.json"]
      let outcome = try program.succeed(command, ranks: 2)
      #expect(try program.json("score.json")["value"]?.double == 0)
      #expect(outcome.errorCount(of: "warning: permuted: accuracy 0.0000 on 150 examples, but 1.0000 if") == 1)
      for line in [#""0": "a"   (now "b")"#, #""1": "b"   (now "c")"#, #""2": "c"   (now "a")"#] {
        #expect(outcome.errors.contains(line), "\(outcome)")
      }
      let map = try #require(try program.json("score.json")["label_maps"]?.array?.first)
      #expect(map["finding"]?.string == "permuted" && map["best_accuracy"]?.double == 1)
      // An estimation sees the same in passing, on any number of ranks.
      for ranks in [nil, 3] as [Int?] {
        let estimate = ["estimate", "--model", "permuted", "--data", "own.jsonl", "--statistic", "gram"]
        let estimated = try program.succeed(estimate + ["-o", "\(ranks ?? 0).safetensors"], ranks: ranks)
        #expect(estimated.errorCount(of: "warning: permuted: accuracy 0.0000 on 150 examples, but 1.0000 if") == 1)
      }
      #expect(map["best_id2label"]?.serialized(indentation: nil) == #"{"0":"a","1":"b","2":"c"}"#)
    }

    @Test("metrics: by finetuning_task, by --task, by --metric; the first is the main one")
    func metrics() throws {
      let program = try Program(examples: 60)
      var model = try EditedModel("two")
      model.config = model.config.replacing("\"model_type\"", with: "\"finetuning_task\": \"cola\", \"model_type\"")
      try model.write("cola", in: program.scratch)
      func scores(_ more: [String]) throws -> [String?] {
        let command = ["evaluate", "--model", "cola", "--data", "two.jsonl", "--json", "score.json"]
        try program.succeed(command + more)
        let json = try program.json("score.json")
        #expect(json["metric"] == json["scores"]?.array?.first?["metric"])
        #expect(json["value"] == json["scores"]?.array?.first?["value"])
        return (json["scores"]?.array ?? []).map { $0["metric"]?.string }
      }
      #expect(try scores([]) == ["matthews"])
      #expect(try scores(["--task", "MRPC"]) == ["accuracy", "f1"])
      #expect(try scores(["--metric", "f1", "--metric", "accuracy"]) == ["f1", "accuracy"])
      let command = ["evaluate", "--model", "cola", "--data", "two.jsonl"]
      for (more, what) in [
        (["--metric", "pearson"], "use accuracy, f1, matthews"), (["--task", "mrpc", "--metric", "f1"], "not both"),
        (["--metric", "f1", "--metric", "f1"], "given twice"), (["--task", "squad"], "squad"),
        (["--baseline", "mean"], "mean"),
      ] {
        let outcome = try program.run(command + more)
        #expect(outcome.status == 64 && outcome.errors.contains(what), "\(outcome)")
      }
      try program.scratch.write("r.tsv", "sentence\tlabel\nthe cat saw a dog\t1.5\na bad film\t-0.25\n")
      let baseline = try program.run(
        ["evaluate", "--model", Program.model("regression"), "--data", "r.tsv", "--baseline", "majority"])
      #expect(baseline.status == 64 && baseline.message.contains("--baseline majority"), "\(baseline)")
      let lost = try program.run(command + ["--predictions", "nowhere/predictions.jsonl"], ranks: 2)
      #expect(lost.status == 73 && lost.messages == 1, "\(lost)")
    }

    @Test(
      "the real checkpoints have the accuracy that was measured when they were made, and sound label maps",
      .enabled(if: shared != nil, "no shared models beside the package; FISHERMERGE_SHARED names another place"),
      arguments: ["sst2", "trec", "subj", "sick"])
    func checkpoints(task: String) throws {
      let folder = try #require(shared)
      let program = try Program(examples: 1)
      let model = folder.appendingPathComponent("models/bert-tiny/\(task)").path
      let data = folder.appendingPathComponent("data/\(task)/test.jsonl").path
      try program.succeed(["evaluate", "--model", model, "--data", data, "--json", "score.json"], ranks: 2)
      let results = try JSON(contentsOf: FilePath("\(model)/eval_results.json"))
      let measured = try #require(results["test_accuracy"]?.double)
      let score = try program.json("score.json")
      #expect(abs((score["value"]?.double ?? 0) - measured) < 5e-5)
      #expect(score["examples"] == results["rows"]?["test"] && score["label_maps"]?.array == [.null])
    }
  }
}
