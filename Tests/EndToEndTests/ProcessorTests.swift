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

    @Test("checkpoints that were computed otherwise are refused, and where they are allowed the result says both")
    func checkpoints() throws {
      let program = try Program(examples: 300)
      let command = [
        "estimate", "--model", Program.model("two"), "--data", "two.jsonl", "--statistic", "mask_fisher", "--output",
        "s.safetensors", "--checkpoint", "kept", "--checkpoint-interval", "0", "--resume",
      ]
      let first = try program.run(command + ["--max-time", "0.001"])
      try #require(first.status == 75, "\(first)")
      try #require(program.scratch.names(in: "kept").contains { $0.hasSuffix(".sums") })
      let other = ["OPENBLAS_NUM_THREADS": "2"]
      let refused = try program.run(command, environment: other)
      #expect(refused.status == 65 && refused.messages == 1 && refused.errors.contains(".sums"), "\(refused)")
      try program.succeed(command + ["--allow-unlike-processors"], environment: other)
      let parts = try #require(
        try SafetensorsFile(path: program.path("s.safetensors")).metadata("parts"))
      #expect(parts.contains("1 thread,") && parts.contains("2 threads,") && parts.contains(" | "), "\(parts)")
    }

    @Test("checkpoints of another version are refused on a resume, whatever they are called, and stay")
    func otherVersion() throws {
      let program = try Program(examples: 300)
      let command = [
        "estimate", "--model", Program.model("two"), "--data", "two.jsonl", "--statistic", "mask_fisher", "--output",
        "s.safetensors", "--checkpoint", "kept", "--checkpoint-interval", "0", "--resume",
      ]
      try #require(try program.run(command + ["--max-time", "0.001"]).status == 75)
      let name = try #require(program.scratch.names(in: "kept").first { $0.hasSuffix(".sums") })
      let text = try String(contentsOfFile: program.path("kept/\(name)").string, encoding: .isoLatin1)
      let older = text.replacing(#"\"version\":2"#, with: #"\"versiom\":2"#)
      try #require(older != text)
      try FileManager.default.removeItem(atPath: program.path("kept/\(name)").string)
      try older.write(
        toFile: program.path("kept/two.0123456789abcdef.0-7.sums").string, atomically: true, encoding: .isoLatin1)
      let refused = try program.run(command)
      #expect(refused.status == 65 && refused.messages == 1, "\(refused)")
      #expect(refused.errors.contains("another version of fishermerge"), "\(refused)")
      #expect(try program.scratch.names(in: "kept").contains("two.0123456789abcdef.0-7.sums"))
      #expect(!FileSystem.exists(program.path("s.safetensors")))
    }
  }
}
