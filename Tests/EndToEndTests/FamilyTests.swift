import Checkpoints
import Encoders
import Foundation
import LinearAlgebra
import Parameters
import SystemPackage
import TestSupport
import Testing

extension ProgramTests {
  /// Every family through the whole program, with every method.
  @Suite("Families")
  struct FamilyTests {
    /// Two models of a family for tasks of three and of two classes, and their data.
    private func program(_ family: String, examples: Int = 40) throws -> Program {
      let program = try Program(examples: examples)
      var second = try EditedModel(family)
      for index in second.tensors.indices {
        // Another model, with the same signs nearly everywhere.
        for entry in second.tensors[index].values.indices where entry % 3 > 0 {
          second.tensors[index].values[entry] = Double(Float(second.tensors[index].values[entry] * 0.75))
        }
      }
      try second.write("second", in: program.scratch)
      try program.scratch.write(
        "second.jsonl", SyntheticText.jsonLines(examples: examples, classes: 3, seed: 11))
      return program
    }

    private func recipe(
      _ program: Program, _ family: String, _ method: String, _ parameters: String = "", more: String = ""
    )
      throws
    {
      let base = ["task_arithmetic", "ties"].contains(method) ? "base_model: \(Reference.path("\(family)"))\n" : ""
      try program.scratch.write(
        "recipe.yaml",
        """
        merge_method: \(method)
        parameters: {\(parameters)}
        \(more)
        \(base)models:
          - {name: first, model: \(Reference.path(family)), data: three.jsonl, test: three.jsonl}
          - {name: second, model: second, data: second.jsonl, test: second.jsonl}
        """)
    }

    @Test("every method merges every family, with the same bits for every rank count", arguments: Reference.families)
    func methods(family: String) throws {
      let program = try program(family)
      for (method, parameters) in [
        ("linear", ""), ("mask_fisher", ""), ("fisher", ""), ("regmean", ""), ("regmean++", ""), ("distill", ""),
        ("task_arithmetic", ""), ("ties", "density: 0.5"),
      ] {
        try recipe(program, family, method, parameters)
        try program.succeed(["merge", "recipe.yaml", "--output", "merged-1"])
        // What needs no data is merged by rank 0 alone.
        let usesRanks = !["linear", "task_arithmetic", "ties"].contains(method)
        if usesRanks {
          try program.succeed(["merge", "recipe.yaml", "--output", "merged-3"], ranks: 3)
          for name in ["backbone", "first", "second"] {
            let file = "\(name)/model.safetensors"
            let (one, three) = (program.path("merged-1/\(file)"), program.path("merged-3/\(file)"))
            #expect(try MappedFile(path: one).sha256 == MappedFile(path: three).sha256, "\(method): \(name)")
          }
        }
        let source = try Reference.model(family)
        let backbone = try StoredModel(directory: program.path("merged-1/backbone"))
        let first = try StoredModel(directory: program.path("merged-1/first"))
        #expect(!backbone.hasHead && first.hasHead && first.family.modelType == source.family.modelType)
        #expect(backbone.parameters == source.parameters.filter { !$0.isHead })
        for parameter in source.parameters {
          let (merged, own) = (Array(first.tensor(parameter).bytes), Array(source.tensor(parameter).bytes))
          // A task keeps its head, whose first layer is not BERT's pooler; all else is another number.
          #expect((merged == own) == parameter.isHead, "\(method): \(parameter.name)")
        }
        for name in usesRanks ? ["merged-1", "merged-3"] : ["merged-1"] {
          try FileManager.default.removeItem(atPath: program.path(name).string)
        }
      }
    }

    @Test("one head for all tasks has both layers merged", arguments: Reference.families)
    func mergedHeads(family: String) throws {
      let program = try program(family)
      try recipe(program, family, "fisher", more: "heads: merge")
      try program.succeed(["merge", "recipe.yaml", "--output", "merged"])
      let (first, second) = (
        try StoredModel(directory: program.path("merged/first")),
        try StoredModel(directory: program.path("merged/second"))
      )
      let sources = [try Reference.model(family), try StoredModel(directory: program.path("second"))]
      for parameter in first.parameters where parameter.isHead {
        let merged = try elements(of: parameter, in: first)
        #expect(try elements(of: parameter, in: second) == merged)
        let values = try sources.map { try elements(of: parameter, in: $0) }
        for (entry, value) in merged.enumerated() {
          #expect(abs(value - (values[0][entry] + values[1][entry]) / 2) <= 0x1p-24 * abs(value), "\(parameter.name)")
        }
      }
      let heads = sources[0].parameters.filter(\.isHead)
      #expect(heads.contains { $0.component == .classifier } && first.parameters.filter(\.isHead) == heads)
    }

    private func elements(of parameter: Parameter, in model: StoredModel) throws -> [Double] {
      let buffer = Buffer<Double>(count: parameter.count)
      try model.tensor(parameter).copy(into: buffer.vector)
      return withExtendedLifetime(buffer) { buffer.vector.array }
    }

    @Test("statistics files of a family are written, verified and merged from", arguments: Reference.families)
    func statistics(family: String) throws {
      let program = try program(family)
      for (name, model) in [("first", Reference.path(family).string), ("second", "second")] {
        try program.succeed(
          [
            "estimate", "--model", model, "--data", name == "first" ? "three.jsonl" : "second.jsonl", "--statistic",
            "fisher", "--statistic", "mask_fisher", "--statistic", "gram", "--output", "\(name).safetensors",
          ])
        try program.succeed(["verify", "\(name).safetensors"])
        try program.succeed(["inspect", "\(name).safetensors"])
      }
      try program.scratch.write(
        "recipe.yaml",
        """
        merge_method: regmean
        models:
          - {name: first, model: \(Reference.path(family)), statistics: first.safetensors}
          - {name: second, model: second, statistics: second.safetensors}
        """)
      try program.succeed(["merge", "recipe.yaml", "--output", "from-files"])
      try recipe(program, family, "regmean")
      try program.succeed(["merge", "recipe.yaml", "--output", "from-data"])
      let files = ["from-files", "from-data"].map { program.path("\($0)/backbone/model.safetensors") }
      #expect(try MappedFile(path: files[0]).sha256 == MappedFile(path: files[1]).sha256)
    }

    @Test(
      "a real checkpoint has the accuracy that its training noted",
      .enabled(if: sharedDirectory != nil, "FISHERMERGE_SHARED names no directory with models and data"),
      arguments: [
        "roberta", "xlm-roberta", "distilbert", "electra", "albert", "mpnet", "deberta-v2", "modernbert",
      ], ["trec", "sick"])
    func real(family: String, task: String) throws {
      let shared = try #require(sharedDirectory)
      let program = try Program(examples: 5)
      let model = shared.pushing(FilePath("models/\(family)-tiny/\(task)"))
      let data = shared.pushing(FilePath("data/\(task)/test.jsonl"))
      try program.succeed(
        ["evaluate", "--model", model.string, "--data", data.string, "--json", "score.json", "--quiet"])
      let noted = try #require(try JSON(contentsOf: model.appending("eval_results.json"))["test"]?.double)
      let score = try program.json("score.json")
      let (value, rows) = (try #require(score["value"]?.double), try #require(score["examples"]?.integer))
      // Noted with four digits; one row of so many may be a tie.
      #expect(rows >= 500 && abs(value - noted) < 1 / Double(rows) + 1e-4, "\(value) instead of \(noted)")
    }

    @Test("inspect says what a model is", arguments: Reference.families)
    func inspect(family: String) throws {
      let program = try Program(examples: 5)
      let outcome = try program.succeed(["inspect", Reference.path(family).string])
      let c = try Reference.model(family).configuration
      #expect(outcome.output.contains(": \(c.modelType), \(c.layers) layers, hidden 18"), "\(outcome)")
      #expect(outcome.output.contains("tokenizer: WordPiece, 50 tokens\ncan be merged"), "\(outcome)")
      var model = try EditedModel(family)
      model.tensors.removeAll { $0.name.contains("classifier") }
      try model.write("bare", in: program.scratch)
      let bare = try program.succeed(["inspect", "bare", "--json", "bare.json"])
      #expect(bare.output.contains("head: none") && bare.output.contains("cannot be merged: it has no"), "\(bare)")
      #expect(try program.json("bare.json")["tokenizer"]?.string == "WordPiece, 50 tokens")
      try program.scratch.write("bare/vocab.txt", "no special token\n")
      let unread = try program.succeed(["inspect", "bare"])
      // ModernBERT reads tokenizer.json alone.
      guard c.modelType != "modernbert" else { return }
      #expect(unread.output.contains("tokenizer: cannot be read\ncannot be merged: bare/vocab.txt"), "\(unread)")
    }
  }
}

/// The directory with real checkpoints and tasks: `FISHERMERGE_SHARED`, else `shared` beside the package; nil where it
/// is absent.
private let sharedDirectory: FilePath? = {
  let beside = FilePath(Launching.repository.path).removingLastComponent().appending("shared")
  let shared = ProcessInfo.processInfo.environment["FISHERMERGE_SHARED"].map { FilePath($0) } ?? beside
  return FileSystem.exists(shared.pushing("models/roberta-tiny")) ? shared : nil
}()
