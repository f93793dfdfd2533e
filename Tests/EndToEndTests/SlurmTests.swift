import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// Jobs of a real Slurm: a controller, and a daemon on each of three hosts that are network namespaces.
  @Suite("Slurm", .serialized, .enabled(if: Launching.slurmObstacle == nil, "\(Launching.slurmObstacle ?? "")"))
  struct SlurmTests {
    /// Submits `launch/slurm.sbatch` and what follows on the line, with two ranks on each host; `$log` is the job's
    /// log.
    let submit = "sbatch --parsable --nodes=3 --ntasks-per-node=2 --output=$log launch/slurm.sbatch"

    @Test("the collectives give the right values under srun with PMIx")
    func checks() throws {
      // Not all of them: six ranks that share two cores take half a minute for that.
      let outcome = try Launching.slurm(
        "MessagePassingChecks",
        """
        for check in all-reduce split-by-node places; do
          srun --nodes=3 --ntasks-per-node=2 --mpi=pmix -K $FISHERMERGE $check || exit
        done
        """)
      #expect(outcome.status == 0, "\(outcome)")
      let passed = outcome.output.components(separatedBy: "passed 1 checks on 6 rank(s) with Open MPI").count - 1
      #expect(passed == 3, "\(outcome)")
    }

    @Test("a merge that is submitted gives the bits of a single process", arguments: ["srun", "mpirun"])
    func merge(launcher: String) throws {
      let program = try Program(examples: 60)
      try program.recipe("fisher")
      // The model cards hold the command line, so it has to be the same one, in another directory.
      try program.succeed(["merge", "../recipe.yaml", "--output", "merged"], in: "plain")
      try program.scratch.write("slurm/here", "")
      let outcome = try Launching.slurm(
        "fishermerge",
        """
        export FISHERMERGE_REPOSITORY=$PWD log=$(mktemp)
        cd \(program.path("slurm"))
        sbatch --wait --nodes=3 --ntasks-per-node=2 --output=$log $FISHERMERGE_REPOSITORY/launch/slurm.sbatch \
          merge ../recipe.yaml --output merged
        code=$?
        cat $log >&2
        rm $log
        exit $code
        """, environment: ["FISHERMERGE_LAUNCHER": launcher])
      try #require(outcome.status == 0, "\(outcome)")
      #expect(outcome.errors.contains("6 ranks on 3 hosts"), "\(outcome)")
      let alone = try program.scratch.files(below: "plain/merged")
      let spread = try program.scratch.files(below: "slurm/merged")
      #expect(spread.keys.sorted() == alone.keys.sorted())
      for (file, bytes) in alone where !["manifest.json", "report.html"].contains(file) {
        #expect(spread[file] == bytes, "\(file)")
      }
    }

    @Test("a rank that fails ends the job with its code, which is not put back", arguments: ["srun", "mpirun"])
    func failure(launcher: String) throws {
      let outcome = try Launching.slurm(
        "MessagePassingChecks",
        """
        log=$(mktemp)
        sbatch --wait --nodes=3 --ntasks-per-node=2 --output=$log launch/slurm.sbatch fail-in-the-middle
        code=$?
        scontrol show job 1 | grep -o 'Restarts=[0-9]*'
        cat $log >&2
        rm $log
        exit $code
        """, environment: ["FISHERMERGE_LAUNCHER": launcher])
      #expect(outcome.status == 65 && outcome.output.hasSuffix("Restarts=0\n"), "\(outcome)")
      #expect(outcome.errors.contains(#/MessagePassingChecks: rank 5 on fmc[0-9]+-3:/#), "\(outcome)")
    }

    /// Stands in for fishermerge: waits for the signal and leaves with 75, and is done at once the next time. The first
    /// rank that leaves makes srun send SIGTERM to the others, which may come before SIGUSR2.
    private let standIn = """
      #!/usr/bin/env bash
      if [[ $2 == --help ]]; then
        echo "  --resume   continue"
        exit
      fi
      place=$(dirname "$0")
      rank=${SLURM_PROCID:-0}
      trap 'exit 75' USR2 TERM
      if [[ -e $place/interrupted ]]; then
        echo "$*, the second time"
        exit
      fi
      echo "$*, the first time"
      while true; do sleep 0.1; done
      """

    @Test("a job whose time is nearly over goes back into the queue and continues", arguments: ["srun", "mpirun"])
    func requeue(launcher: String) throws {
      let scratch = try Scratch()
      let program = try scratch.write("program", standIn)
      let outcome = try Launching.slurm(
        "fishermerge",
        """
        chmod +x \(program)
        cd \(Launching.repository.path)
        log=\(scratch.path)/log
        job=$(\(submit) merge 'my recipe.yaml' part-%a)
        until [[ $(grep -c 'first time' $log) == 6 ]]; do sleep 0.1; done
        touch \(scratch.path)/interrupted
        # As Slurm does by `--signal=B:USR1@120`.
        scancel --batch --signal=USR1 $job
        until [[ -z $(squeue --noheader) ]]; do sleep 0.2; done
        scontrol show job $job | grep -oE 'Restarts=[0-9]*|JobState=[A-Z]*|ExitCode=[0-9]*'
        cat $log >&2
        """,
        environment: ["FISHERMERGE": program.string, "FISHERMERGE_LAUNCHER": launcher], seconds: 60)
      #expect(outcome.output == "JobState=COMPLETED\nRestarts=1\nExitCode=0\n", "\(outcome)")
      for time in ["first", "second"] {
        #expect(outcome.errorCount(of: "merge my recipe.yaml part-%a --resume, the \(time) time\n") == 6, "\(outcome)")
      }
    }

    @Test("a job that is cancelled, or was put back often enough, stays away")
    func staysAway() throws {
      let scratch = try Scratch()
      let program = try scratch.write("program", standIn)
      let outcome = try Launching.slurm(
        "fishermerge",
        """
        chmod +x \(program)
        cd \(Launching.repository.path)
        started() { until [[ $(grep -c 'first time' $log) == 6 ]]; do sleep 0.1; done; }
        log=\(scratch.path)/cancelled
        job=$(\(submit) merge)
        started
        scancel $job
        until [[ -z $(squeue --noheader) ]]; do sleep 0.2; done
        scontrol show job $job | grep -oE 'Restarts=[0-9]*|JobState=[A-Z]*'
        log=\(scratch.path)/often
        job=$(FISHERMERGE_REQUEUES=0 \(submit) merge)
        started
        scancel --batch --signal=USR1 $job
        until [[ -z $(squeue --noheader) ]]; do sleep 0.2; done
        scontrol show job $job | grep -oE 'Restarts=[0-9]*|JobState=[A-Z]*|ExitCode=[0-9]*'
        grep submit $log
        """,
        environment: ["FISHERMERGE": program.string], seconds: 60)
      #expect(
        outcome.output == """
          JobState=CANCELLED
          Restarts=0
          JobState=FAILED
          Restarts=0
          ExitCode=75
          slurm_script: interrupted, and requeued 0 times before: submit the job again to continue

          """, "\(outcome)")
    }

    @Test("an array job gives each of its tasks a number")
    func array() throws {
      let scratch = try Scratch()
      let outcome = try Launching.slurm(
        "fishermerge",
        """
        sbatch --wait --array=1-3 --nodes=1 --ntasks-per-node=1 --output=\(scratch.path)/%a launch/slurm.sbatch \
          estimate --shard %a/3
        cat \(scratch.path)/[123] >&2
        """, environment: ["FISHERMERGE": "/bin/echo"], seconds: 60)
      for task in 1...3 { #expect(outcome.errors.contains("estimate --shard \(task)/3"), "\(outcome)") }
    }
  }
}
