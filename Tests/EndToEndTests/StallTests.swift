import Foundation
import Testing

extension ProgramTests {
  @Suite("Stalled ranks", .serialized)
  struct StallTests {
    @Test("a rank that is held up is named while the others wait, and changes nothing")
    func merge() throws {
      let program = try Program(examples: 2000)
      try program.recipe("fisher")
      try program.succeed(["merge", "../recipe.yaml", "--output", "merged"], in: "alone")
      try program.scratch.write("held/here", "")
      let outcome = try Launching.run(
        [
          "bash", "-c",
          """
          \(Launching.repository.path)/launch/local 3 merge ../recipe.yaml --output merged 2>log &
          job=$!
          until grep -qs '3 ranks' log || ! kill -0 $job; do sleep 0.05; done
          last=$(grep -lsz '^OMPI_COMM_WORLD_RANK=2$' $(printf '/proc/%s/environ ' $(pgrep -P $job)) | cut -d/ -f3)
          # Held up in the middle of a collective call it is not named: the others have met already. Then once more.
          until grep -qs 'for rank 2 on ' log || ! kill -0 $job; do
            kill -STOP $last
            for check in $(seq 60); do ! grep -qs 'for rank 2 on ' log || break; sleep 0.05; done
            kill -CONT $last
            sleep 0.1
          done
          code=0; wait $job || code=$?
          cat log >&2
          exit $code
          """,
        ],
        environment: [
          "FISHERMERGE": Launching.product("fishermerge"), "FISHERMERGE_STALL_SECONDS": "1",
          "HF_HUB_CACHE": program.path("no-cache").string,
        ],
        directory: URL(fileURLWithPath: program.path("held").string))
      #expect(outcome.status == 0, "\(outcome)")
      let warning = #/(^|\n)warning: rank 0 has waited 1 s in "[^"]+" for [^\n]*rank 2 on [^\n]+/#
      #expect(outcome.errors.contains(warning), "\(outcome)")
      let alone = try program.scratch.files(below: "alone/merged")
      let held = try program.scratch.files(below: "held/merged")
      #expect(held.keys.sorted() == alone.keys.sorted())
      for (file, bytes) in alone where !["manifest.json", "report.html", "README.md"].contains(where: file.hasSuffix) {
        #expect(held[file] == bytes, "\(file)")
      }
    }

    @Test("a setting that is no number is said, and does not stop the run")
    func setting() throws {
      let program = try Program(examples: 20)
      try program.recipe("linear")
      let outcome = try program.run(
        ["merge", "recipe.yaml", "--output", "merged"], ranks: 2, environment: ["FISHERMERGE_STALL_SECONDS": "soon"])
      #expect(outcome.status == 0, "\(outcome)")
      let warning = "warning: FISHERMERGE_STALL_SECONDS=soon is not a number of seconds"
      #expect(outcome.errors.contains(warning), "\(outcome)")
    }
  }
}
