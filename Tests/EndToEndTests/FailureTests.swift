import Foundation
import TestSupport
import Testing

/// How a merge is made to fail, and what has to be said.
struct FailingMerge: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let status: Int32
  /// Parts of the message, `@` standing for the directory of the run.
  let message: [String]
  /// Changes what a sound merge needs.
  let prepare: @Sendable (Program) throws -> Void
  var arguments = ["merge", "recipe.yaml", "--output", "merged"]

  static let all: [FailingMerge] = [
    FailingMerge(
      testDescription: "64: an unknown key of the recipe", status: 64,
      message: ["@/recipe.yaml:2: unknown key `parametres`", "hint: did you mean `parameters`?"],
      prepare: { program in
        try program.scratch.write("recipe.yaml", "merge_method: linear\nparametres: {}\nmodels: [{model: a}]\n")
      }),
    FailingMerge(
      testDescription: "65: NaN in a weight", status: 65,
      message: [
        "@/broken/model.safetensors, tensor bert.pooler.dense.bias: the element at [4] is NaN or infinite", "hint: ",
      ],
      prepare: { program in
        var model = try EditedModel("three")
        model["bert.pooler.dense.bias"][4] = .nan
        try model.write("broken", in: program.scratch)
        try program.recipe("mask_fisher", models: ["three": "broken"])
      }),
    FailingMerge(
      testDescription: "65: a limit on activations for a method that keeps none", status: 65,
      message: ["@/recipe.yaml: regmean keeps no activations", "hint: leave --activations out"],
      prepare: { try $0.recipe("regmean") },
      arguments: ["merge", "recipe.yaml", "--output", "merged", "--activations", "1GB"]),
    FailingMerge(
      testDescription: "65: a label outside the label map", status: 65,
      message: ["@/two.jsonl:3: the label 2 is not in the label map {0: \"LABEL_0\", 1: \"LABEL_1\"}", "hint: "],
      prepare: { program in
        let row = #"{"sentence": "the cat", "label": 1}"#
        try program.scratch.write("two.jsonl", [row, "", row.replacing("1}", with: "2}")].joined(separator: "\n"))
        try program.recipe("fisher")
      }),
    FailingMerge(
      testDescription: "65: models of different sizes", status: 65,
      message: ["two and three: hidden_size: the models differ here (18 and 20)", "hint: "],
      prepare: { program in try program.recipe("linear", models: ["three": Program.model("shallow")]) }),
    FailingMerge(
      testDescription: "65: of several defects the first in the recipe", status: 65,
      message: ["@/three.jsonl: there is no example in the file", "hint: "],
      prepare: { program in
        try program.scratch.write("three.jsonl", "\n")
        var model = try EditedModel("five")
        model["bert.pooler.dense.bias"][4] = .nan
        try model.write("broken", in: program.scratch)
        try program.recipe("fisher", models: ["five": "broken"])
      }),
    FailingMerge(
      testDescription: "66: a model that is not there", status: 66,
      message: ["model nowhere: it is neither a directory nor in the local hub cache; looked at @/nowhere", "hint: "],
      prepare: { program in try program.recipe("linear", models: ["five": "nowhere"]) }),
    FailingMerge(
      testDescription: "66: a data file that is not there", status: 66,
      message: ["@/five.jsonl: cannot be read", "hint: check the path"],
      prepare: { program in
        try FileManager.default.removeItem(atPath: program.path("five.jsonl").string)
        try program.recipe("fisher")
      }),
    FailingMerge(
      testDescription: "66: no recipe", status: 66,
      message: ["recipe.yaml: the recipe cannot be read: there is no such file", "hint: "], prepare: { _ in }),
    FailingMerge(
      testDescription: "73: the output's directory is missing", status: 73,
      message: [
        "none/merged: the directory that is to hold the output does not exist", "hint: create it first: mkdir",
      ],
      prepare: { program in try program.recipe("linear") },
      arguments: ["merge", "recipe.yaml", "--output", "none/merged"]),
  ]
}

extension ProgramTests {
  @Suite("Failures", .serialized)
  struct FailureTests {
    /// Requires one message with these parts, and that nothing is left of an output.
    private func check(_ outcome: Outcome, _ program: Program, status: Int32, _ parts: [String]) throws {
      #expect(outcome.status == status, "\(outcome)")
      #expect(outcome.messages == 1, "\(outcome)")
      for part in parts where !part.isEmpty {
        #expect(outcome.message.contains(part.replacing("@", with: program.scratch.path.string)), "\(part): \(outcome)")
      }
      // What ranks have done of other models by then stays for --resume.
      let left = try program.scratch.names().filter {
        ($0.contains("merged") || $0.contains("partial")) && $0 != ".merged.checkpoint"
      }
      #expect(left.isEmpty, "\(left)")
    }

    @Test(
      "one message, the documented code, and nothing under the output's name", arguments: FailingMerge.all, [nil, 3])
    func merge(failing: FailingMerge, ranks: Int?) throws {
      let program = try Program(examples: 5)
      try failing.prepare(program)
      // An absolute path to the recipe, so that messages name absolute paths.
      let arguments = failing.arguments.map { $0 == "recipe.yaml" ? program.path($0).string : $0 }
      let outcome = try program.run(arguments, ranks: ranks)
      try check(outcome, program, status: failing.status, failing.message)
      // Which rank came across it is nothing to the user.
      #expect(!outcome.message.contains("rank "), "\(outcome)")
    }

    @Test("73: an output that exists is left as it is", arguments: [nil, 3])
    func outputExists(ranks: Int?) throws {
      let program = try Program(examples: 5)
      try program.recipe("linear")
      try program.scratch.write("merged/mine.txt", "keep")
      let outcome = try program.run(["merge", "recipe.yaml", "--output", "merged"], ranks: ranks)
      #expect(outcome.status == 73 && outcome.messages == 1, "\(outcome)")
      #expect(outcome.message.contains("merged: the output exists already"), "\(outcome)")
      #expect(outcome.message.contains("\n  hint: choose another name"), "\(outcome)")
      #expect(try program.scratch.files(below: "merged") == ["mine.txt": Data("keep".utf8)])

      try program.scratch.write("s.safetensors", "keep")
      let estimate = try program.run(
        [
          "estimate", "--model", Program.model("two"), "--data", "two.jsonl", "--statistic", "fisher", "-o",
          "s.safetensors",
        ],
        ranks: ranks)
      #expect(estimate.status == 73 && estimate.messages == 1, "\(estimate)")
      #expect(try program.scratch.files(below: ".")["s.safetensors"] == Data("keep".utf8))
    }

    @Test("64: a command line that is wrong is said once", arguments: [nil, 3])
    func usage(ranks: Int?) throws {
      let program = try Program(examples: 5)
      for (arguments, text) in [
        (["merge", "recipe.yaml"], "Missing expected argument '--output <dir>'"),
        (["merge", "recipe.yaml", "--output", "merged", "--fast"], "Unknown option '--fast'"),
        (["merge", "recipe.yaml", "--output", "merged", "--out-shard-size", "0"], "--out-shard-size"),
        (
          [
            "estimate", "--model", "m", "--data", "d", "--statistic", "fisher", "--output", "merged", "--draws", "2",
          ], "--draws belongs to --expectation sampled"
        ),
      ] {
        let outcome = try program.run(arguments, ranks: ranks)
        #expect(outcome.status == 64, "\(outcome)")
        #expect(outcome.errorCount(of: "Error: ") == 1 && outcome.errors.contains(text), "\(outcome)")
      }
    }

    @Test(
      "74: a disk that is full while writing", .enabled(if: tmpfsObstacle == nil, "\(tmpfsObstacle ?? "")"),
      arguments: [nil, 3])
    func diskFull(ranks: Int?) throws {
      let program = try Program(examples: 5)
      try program.recipe("linear")
      try FileManager.default.createDirectory(atPath: program.path("small").string, withIntermediateDirectories: true)
      // A mount that only this command sees, large enough for the first of the models.
      let launch =
        ranks.map { "\(Launching.repository.path)/launch/local \($0)" } ?? Launching.product("fishermerge")
      let outcome = try Launching.run(
        [
          "unshare", "--mount", "bash", "-c",
          """
          mount -t tmpfs -o size=100k none small
          \(launch) merge recipe.yaml --output small/merged
          code=$?
          echo "left: $(ls -A small)"
          exit $code
          """,
        ], environment: ["FISHERMERGE": Launching.product("fishermerge")],
        directory: URL(fileURLWithPath: program.scratch.path.string))
      #expect(outcome.output.contains("left: \n"), "\(outcome)")
      try check(outcome, program, status: 74, [": writing failed: No space left on device", "hint: the disk is full"])
    }

    @Test("a gradient that overflows on one rank ends the job, named by tensor and row", arguments: [nil, 3])
    func gradientOverflow(ranks: Int?) throws {
      let program = try Program(examples: 20)
      // The activation is near the largest Float, and the gradient large: a confident model, wrong about this label.
      try program.writeRiver { model, river in
        model.amplify(river, by: 3e37)
        model["classifier.weight"] = model["classifier.weight"].map { $0 * 3e4 }
      }
      try program.recipe("fisher", "expectation: empirical", models: ["three": "rare"])
      let outcome = try program.run(["merge", "recipe.yaml", "--output", "merged"], ranks: ranks)
      try check(
        outcome, program, status: 65,
        [
          "three.jsonl, bert.encoder.layer.0.output.dense.weight, data row 91: ",
          "the squared gradient for this example is not a finite number", ranks == nil ? "" : "(rank ",
          "hint: check the model's weights",
        ])
    }

    @Test("an evaluation does not score outputs that are no numbers", arguments: [nil, 2])
    func evaluationOverflow(ranks: Int?) throws {
      let program = try Program(examples: 20)
      try program.writeRiver { model, river in
        for column in 0..<18 { model["bert.embeddings.word_embeddings.weight"][river * 18 + column] = 3e38 }
      }
      let outcome = try program.run(["evaluate", "--model", "rare", "--data", "three.jsonl"], ranks: ranks)
      #expect(outcome.status == 65 && outcome.messages == 1, "\(outcome)")
      #expect(outcome.message.contains("three.jsonl, data row 91: the model's outputs"), "\(outcome)")
    }

    @Test("outputs that are no numbers end the job, named by the row", arguments: [nil, 3])
    func outputOverflow(ranks: Int?) throws {
      let program = try Program(examples: 20)
      try program.writeRiver { model, river in
        for column in 0..<18 { model["bert.embeddings.word_embeddings.weight"][river * 18 + column] = 3e38 }
      }
      let outcome = try program.run(["merge", "recipe.yaml", "--output", "merged"], ranks: ranks)
      try check(
        outcome, program, status: 65,
        [
          "three.jsonl, data row 91: the model's outputs for this example are not finite numbers",
          ranks == nil ? "" : "(rank ", "hint: ",
        ])
    }
  }
}

/// Why no small file system can be mounted here; nil where it can.
let tmpfsObstacle: String? = {
  let outcome = try? Launching.run(["unshare", "--mount", "bash", "-c", "mount -t tmpfs -o size=4k none /mnt"])
  return outcome?.status == 0 ? nil : "mounting a small file system needs root"
}()
