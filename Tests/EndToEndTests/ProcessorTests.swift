import Checkpoints
import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// Another number of BLAS threads stands for another kind of processor: both round differently.
  @Suite("Ranks and files that round differently", .serialized)
  struct ProcessorTests {
    private let program: Program

    init() throws {
      program = try Program(examples: 20)
      try program.recipe("mask_fisher")
    }

    private let command = ["merge", "recipe.yaml", "--output"]

    @Test("unlike ranks are refused by one message with ranks and values, and recorded where they are allowed")
    func ranks() throws {
      // The second rank has two threads.
      let script = try program.scratch.write(
        "unlike.sh",
        """
        #!/bin/sh
        if [ "${OMPI_COMM_WORLD_RANK:-0}" = 1 ]; then export OPENBLAS_NUM_THREADS=2; fi
        exec "\(Launching.product("fishermerge"))" "$@"

        """)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.string)
      let environment = ["FISHERMERGE": script.string]
      let refused = try program.run(command + ["merged"], ranks: 2, environment: environment)
      #expect(refused.status == 65 && refused.messages == 1, "\(refused)")
      #expect(refused.errors.contains("with 1 thread") && refused.errors.contains("with 2 threads"), "\(refused)")
      #expect(refused.errors.contains("rank 1 on "), "\(refused)")
      #expect(!FileSystem.exists(program.path("merged")))
      try program.succeed(
        command + ["merged", "--allow-unlike-processors"], ranks: 2, environment: environment)
      let manifest = try program.json("merged/manifest.json")
      #expect(manifest["processors"]?.array?.count == 2 && manifest["allows_unlike_processors"] == true)
    }

    @Test("finished statistics that were computed otherwise are not used again unseen")
    func reuse() throws {
      let keeping = ["--checkpoint", "kept", "--resume"]
      try program.succeed(command + ["first"] + keeping)
      try program.succeed(command + ["second"] + keeping)
      let other = ["OPENBLAS_NUM_THREADS": "2"]
      let refused = try program.run(command + ["third"] + keeping, environment: other)
      #expect(refused.status == 65 && refused.messages == 1, "\(refused)")
      #expect(refused.errors.contains("kept/") && refused.errors.contains("--allow-unlike-processors"), "\(refused)")
      #expect(!FileSystem.exists(program.path("third")))
      let allowed = try program.succeed(
        command + ["third", "--allow-unlike-processors"] + keeping, environment: other)
      #expect(allowed.errors.contains("last bits differ"), "\(allowed)")
      // They are what they were.
      #expect(
        try program.scratch.files(below: "third/backbone")["model.safetensors"]
          == program.scratch.files(below: "first/backbone")["model.safetensors"])
    }
  }
}
