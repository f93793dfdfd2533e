import TestSupport
import Testing

extension ProgramTests {
  /// What the system refuses is said before the work, and never waited for.
  @Suite("Memory")
  struct MemoryTests {
    @Test("under a limit that leaves OpenBLAS no buffers the program says so and ends", arguments: [nil, 2])
    func buffers(ranks: Int?) throws {
      let program = try Program(examples: 5)
      try program.recipe("fisher")
      let launch = ranks.map { "launch/local \($0)" } ?? #""$FISHERMERGE""#
      let outcome = try Launching.run(
        [
          "bash", "-c",
          "ulimit -v 250000; exec timeout --kill-after=1 60 \(launch) merge \(program.path("recipe.yaml")) --output \(program.path("merged"))",
        ],
        environment: ["FISHERMERGE": Launching.product("fishermerge"), "OPENBLAS_NUM_THREADS": "1"])
      #expect(outcome.status == 71, "\(outcome)")
      #expect(outcome.errorCount(of: "memory: OpenBLAS's buffers need") == 1, "\(outcome)")
      #expect(try !program.scratch.names().contains("merged"))
    }

    @Test("a plan for more memory than there is ends before the work, with what it needs")
    func plan() throws {
      let program = try Program(examples: 5)
      let classes = 400_000
      var model = try EditedModel("three")
      let hidden = 18
      for (name, shape) in [("classifier.weight", [classes, hidden]), ("classifier.bias", [classes])] {
        let index = try model.index(name)
        let values = [Double](repeating: 0.5, count: shape.reduce(1, *))
        model.tensors[index] = .init(name: name, shape: shape, values: values)
      }
      // Without a map of its own the model has the default names.
      let start = try #require(model.config.range(of: #""num_labels""#)?.lowerBound)
      model.config =
        model.config[..<start] + #""num_labels": \#(classes), "problem_type": "single_label_classification"}"#
      try model.write("wide", in: program.scratch)
      let command = [
        "estimate", "--model", "wide", "--data", "three.jsonl", "--statistic", "fisher", "--output", "s.safetensors",
      ]
      for ranks in [1, 2] {
        let outcome = try program.run(command, ranks: ranks)
        #expect(outcome.status == 71 && outcome.messages == 1, "\(outcome)")
        let text = try #require(outcome.message.firstMatch(of: #/need ([0-9]+) MB/#)?.output.1, "\(outcome)")
        // The factor of one example in double, and the gradients of a block of five in single precision.
        let least = classes * (classes - 1) * (8 + 5 * 4) / 1_000_000
        let megabytes = try #require(Int(text))
        #expect(megabytes >= least && megabytes < least + least / 20, "\(outcome)")
      }
      #expect(try !program.scratch.names().contains("s.safetensors"))
    }

    @Test("few files are open at a time, however many are read and written")
    func openFiles() throws {
      let program = try Program(examples: 5)
      try program.recipe("fisher")
      let outcome = try Launching.run(
        [
          "bash", "-c",
          """
          ulimit -n 16
          exec \(Launching.product("fishermerge")) merge \(program.path("recipe.yaml")) --output \(program.path("merged")) \
            --out-shard-size 5KB --checkpoint-interval 0
          """,
        ], environment: ["OPENBLAS_NUM_THREADS": "1"])
      #expect(outcome.status == 0, "\(outcome)")
      #expect(try program.scratch.files(below: "merged").count > 16)
    }

    @Test("a number of BLAS threads that is none is refused", arguments: ["0", "-2", "many", "2x"])
    func threads(_ number: String) throws {
      let program = try Program(examples: 5)
      try program.recipe("linear")
      let command = ["merge", "recipe.yaml", "--output", "merged"]
      let outcome = try program.run(command, environment: ["OPENBLAS_NUM_THREADS": number])
      #expect(outcome.status == 64 && outcome.messages == 1, "\(outcome)")
      #expect(outcome.message.contains("OPENBLAS_NUM_THREADS=\(number)"), "\(outcome)")
      let launched = try program.run(command, ranks: 2, environment: ["OPENBLAS_NUM_THREADS": number])
      #expect(launched.status == 64 && launched.errors.contains("OPENBLAS_NUM_THREADS=\(number)"), "\(launched)")
    }
  }
}
