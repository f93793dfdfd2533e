import Checkpoints
import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// Ranks share the reading of the inputs, and nothing shows it.
  @Suite("Planning on several ranks", .serialized)
  struct PlanningTests {
    /// A recipe with all that is read while planning: data, statistics, validation and test files, and a model that is
    /// named twice.
    private func write(_ program: Program) throws {
      try program.succeed([
        "estimate", "--model", Program.model("three"), "--data", "three.jsonl", "--statistic", "mask-fisher", "-o",
        "three.safetensors",
      ])
      let entry = { (name: String) in
        "{name: \(name), model: \(Program.model(name)), data: data/\(name).jsonl, validation: data/\(name).v.jsonl}"
      }
      for (name, classes, seed) in [("two", 2, 12), ("five", 5, 15)] as [(String, Int, UInt64)] {
        try program.scratch.write(
          "data/\(name).jsonl", SyntheticText.jsonLines(examples: 60, classes: classes, seed: seed))
        try program.scratch.write(
          "data/\(name).v.jsonl", SyntheticText.jsonLines(examples: 20, classes: classes, seed: seed + 1))
      }
      try program.scratch.write(
        "recipe.yaml",
        """
        merge_method: mask_fisher
        parameters: {examples: 50, seed: 3}
        models:
          - \(entry("two"))
          - {name: three, model: \(Program.model("three")), statistics: three.safetensors, test: three.jsonl}
          - \(entry("five"))
          - {name: again, model: \(Program.model("two")), data: data/two.v.jsonl}
        """)
    }

    /// The manifest's parts that say what was read.
    private func inputs(_ program: Program, _ directory: String) throws -> [String] {
      let manifest = try program.json("\(directory)/merged/manifest.json")
      let models = try #require(manifest["models"]?.array)
      return [manifest["plan_sha256"]?.string ?? ""]
        + models.flatMap { model in
          ["name", "sha256", "data", "statistics"].map { model[$0]?.serialized() ?? "-" }
        }
    }

    @Test("the plan is the same for any number of ranks, and the one that `plan` prints")
    func samePlan() throws {
      let program = try Program(examples: 40)
      try write(program)
      let printed = try program.succeed(["plan", "recipe.yaml"]).output
      let hash = try #require(printed.split(separator: "\n").last?.split(separator: " ").last)
      var expected: [String] = []
      for ranks in [nil, 1, 2, 3, 5] {
        let place = ranks.map { "on-\($0)" } ?? "plain"
        try program.succeed(["merge", "../recipe.yaml", "--output", "merged"], ranks: ranks, in: place)
        let found = try inputs(program, place)
        if ranks == nil { expected = found }
        #expect(found == expected, "\(place)")
        #expect(found[0] == hash, "\(place)")
      }
    }

    @Test(
      "ranks that see no data, or others under the same path, do no harm",
      .enabled(if: tmpfsObstacle == nil, "\(tmpfsObstacle ?? "")"), arguments: ["none", "other"])
    func otherFiles(kind: String) throws {
      let program = try Program(examples: 40)
      try write(program)
      try program.succeed(["merge", "../recipe.yaml", "--output", "merged"], in: "plain")
      try FileManager.default.createDirectory(atPath: program.path("none").string, withIntermediateDirectories: false)
      for name in try program.scratch.names(in: "data") {
        let text = try String(contentsOfFile: program.path("data/\(name)").string, encoding: .utf8)
        // Of the same size.
        try program.scratch.write("other/\(name)", text.replacing("cat", with: "dog"))
      }
      // Every rank but the root has a mount of its own.
      let wrapper = try program.scratch.write(
        "wrapper",
        """
        #!/bin/bash
        if [[ $OMPI_COMM_WORLD_RANK == 0 ]]; then exec "$PRODUCT" "$@"; fi
        exec unshare --mount bash -c 'mount --bind "$0" "$1" && exec "$PRODUCT" "${@:2}"' ../\(kind) ../data "$@"
        """)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: wrapper.string)
      try program.succeed(
        ["merge", "../recipe.yaml", "--output", "merged"], ranks: 3, in: "on-3",
        environment: ["FISHERMERGE": wrapper.string, "PRODUCT": Launching.product("fishermerge")])
      #expect(try inputs(program, "on-3") == inputs(program, "plain"))
      let (plain, shared) = (
        try program.scratch.files(below: "plain/merged"), try program.scratch.files(below: "on-3/merged")
      )
      for (file, bytes) in plain where file.hasSuffix(".safetensors") { #expect(shared[file] == bytes, "\(file)") }
    }
  }
}
