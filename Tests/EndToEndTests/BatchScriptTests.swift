import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// `launch/pbs.sh` with a `qsub` and a `qstat` that stand in for a PBS: it cannot be installed here.
  @Suite("PBS")
  struct BatchScriptTests {
    /// Takes jobs as files `job-1`, `job-2`, … with the options beside them.
    private let qsub = """
      #!/usr/bin/env bash
      cd "$(dirname "$0")"
      number=$(($(ls job-? 2>/dev/null | wc -l) + 1))
      printf '[%s]' "$@" >options-$number
      cat >job-$number
      echo $number.pbs
      """
    private let qstat = """
      #!/usr/bin/env bash
      echo "Job Id: $2"
      echo "    Resource_List.walltime = 01:00:20"
      """
    /// Interrupted as long as there is a file of that name, and shows how it was called.
    private let standIn = """
      #!/usr/bin/env bash
      place=$(dirname "$0")
      if [[ $2 == --help ]]; then
        echo "--resume --max-time"
        exit
      fi
      printf '[%s]' "$@" >>"$place/called"
      if [[ -e $place/interrupted ]]; then exit 75; fi
      """

    /// A directory with these programs in which jobs are submitted and run, and its path.
    private func place() throws -> (Scratch, [String: String]) {
      let scratch = try Scratch()
      for (name, text) in [("qsub", qsub), ("qstat", qstat), ("program", standIn)] {
        let file = try scratch.write(name, text + "\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.string)
      }
      try scratch.write("nodes", "localhost\nlocalhost\n")
      return (
        scratch,
        [
          "PATH": "\(scratch.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
          "FISHERMERGE": "\(scratch.path)/program",
        ]
      )
    }

    /// Runs the job with that number as PBS would: from its text, in another directory, with little in its environment.
    private func run(_ job: Int, in scratch: Scratch, environment: [String: String] = [:]) throws -> Outcome {
      try Launching.run(
        ["bash", scratch.path.appending("job-\(job)").string],
        environment: ["PBS_JOBID": "\(job).pbs", "PBS_NODEFILE": "\(scratch.path)/nodes"]
          .merging(environment) { $1 }, directory: FileManager.default.temporaryDirectory)
    }

    private let script = Launching.repository.appendingPathComponent("launch/pbs.sh").path

    @Test("a job that is interrupted submits itself again, and continues")
    func resubmits() throws {
      let (scratch, environment) = try place()
      let url = URL(fileURLWithPath: scratch.path.string)
      let submitted = try Launching.run(
        [script, "-l", "select=1:ncpus=2", "-q", "long", "--", "merge", "my recipe.yaml", "--output", "$HOME;*"],
        environment: environment, directory: url)
      #expect(submitted.status == 0 && submitted.output == "1.pbs\n", "\(submitted)")
      func text(_ name: String) throws -> String {
        String(decoding: try scratch.files(below: ".")[name] ?? Data(), as: UTF8.self)
      }
      #expect(try text("options-1") == "[-N][fishermerge][-j][oe][-l][select=1:ncpus=2][-q][long]")

      try scratch.write("interrupted", "")
      let first = try run(1, in: scratch)
      #expect(first.status == 0 && first.errors.contains("interrupted: job 2.pbs continues"), "\(first)")
      // An hour and twenty seconds, less five minutes, less what the script needed until then.
      let call = #/\[merge\]\[my recipe.yaml\]\[--output\]\[\$HOME;\*\]\[--resume\]\[--max-time\]\[33[0-2][0-9]\]/#
      #expect(try text("called").matches(of: call).count == 2)
      #expect(
        try text("options-2")
          == "[-N][fishermerge][-j][oe][-W][depend=afterany:1.pbs][-l][select=1:ncpus=2][-q][long]")

      let removed = scratch.path.appending("interrupted").string
      try FileManager.default.removeItem(atPath: removed)
      let second = try run(2, in: scratch, environment: ["PBS_WALLTIME": "3620"])
      #expect(second.status == 0, "\(second)")
      #expect(try text("called").matches(of: call).count == 4)
      #expect(try !scratch.names().contains("job-3"))
    }

    @Test("not for ever, and not where its time is too short")
    func stops() throws {
      let (scratch, environment) = try place()
      let submitted = try Launching.run(
        [script, "--", "merge", "a"], environment: environment.merging(["FISHERMERGE_REQUEUES": "0"]) { $1 },
        directory: URL(fileURLWithPath: scratch.path.string))
      #expect(submitted.status == 0, "\(submitted)")
      try scratch.write("interrupted", "")
      let often = try run(1, in: scratch)
      #expect(often.status == 75 && often.errors.contains("submitted again 0 times before"), "\(often)")
      let short = try run(1, in: scratch, environment: ["PBS_WALLTIME": "299"])
      #expect(short.status == 64 && short.errors.contains("FISHERMERGE_MARGIN"), "\(short)")
      #expect(try !scratch.names().contains("job-2"))
    }

    @Test("an error is no interruption, and a command line without a command is refused")
    func errors() throws {
      let (scratch, environment) = try place()
      let submitted = try Launching.run(
        [script, "--", "-c", "exit 65"], environment: environment.merging(["FISHERMERGE": "/bin/bash"]) { $1 },
        directory: URL(fileURLWithPath: scratch.path.string))
      #expect(submitted.status == 0, "\(submitted)")
      #expect(try run(1, in: scratch).status == 65)
      #expect(try !scratch.names().contains("job-2"))
      for arguments in [[], ["merge", "a"], ["-l", "x", "--"]] {
        let refused = try Launching.run([script] + arguments, environment: environment)
        #expect(refused.status == 64 && refused.errors.contains("launch/pbs.sh [OPTION OF QSUB…]"), "\(refused)")
      }
    }
  }
}
