import Foundation
import TestSupport
import Testing

extension ProgramTests.ClusterTests {
  /// Merges on three hosts that are interrupted, and continued elsewhere: the output is that of a run without
  /// interruption.
  @Suite("Interrupted on several hosts", .serialized)
  struct InterruptedClusterTests {
    private let launch = "\(Launching.repository.path)/launch/hosts $CLUSTER_HOSTFILE"
    /// The same command line everywhere, without the options that only say how to run.
    private let merge = ["merge", "../recipe.yaml", "--output", "merged"]
    /// All that tests look at: a checkpoint after every block.
    private let often = "--checkpoint-interval 0"

    /// A merge of some hundred blocks, and what it gives without interruption.
    private struct Expected: Sendable {
      let program: Program
      let files: [String: Data]

      /// Made once, for all tests.
      static let shared = Result { try Expected() }

      init() throws {
        // A second or more of work at any time that something may happen.
        program = try Program(examples: Launching.releaseProducts == nil ? 2000 : 10_000)
        try program.recipe("fisher")
        try program.succeed(["merge", "../recipe.yaml", "--output", "merged"], in: "plain")
        files = try Self.output(program, "plain/merged")
      }

      /// All files of an output but manifest and report, which say how the run went.
      static func output(_ program: Program, _ directory: String) throws -> [String: Data] {
        var files = try program.scratch.files(below: directory)
        for file in ["manifest.json", "report.html"] { files[file] = nil }
        return files
      }

      func check(_ directory: String, _ comment: String) throws {
        let found = try Self.output(program, directory)
        #expect(found.keys.sorted() == files.keys.sorted(), "\(comment)")
        for (file, bytes) in files { #expect(found[file] == bytes, "\(file), \(comment)") }
        #expect(try program.scratch.names(in: "\(directory)/..").contains { $0.contains("checkpoint") } == false)
      }

      /// A new directory beside the others, because the recipe is named by `../recipe.yaml`.
      func place() throws -> String {
        let place = UUID().uuidString
        try program.scratch.write("\(place)/here", "")
        return place
      }
    }

    /// Starts a merge on three hosts, and lets something happen once there is a checkpoint.
    private func interrupt(_ expected: Expected, in place: String, by command: String) throws -> Outcome {
      try Launching.cluster(
        hosts: 3, slots: 2, "fishermerge",
        """
        cd \(expected.program.path(place))
        \(launch) \(merge.joined(separator: " ")) --resume \(often) &
        job=$!
        until [[ -n $(find .merged.checkpoint -name '*.sums' 2>/dev/null) ]] || ! kill -0 $job; do sleep 0.01; done
        \(command)
        code=0
        wait $job || code=$?
        \(Launching.clusterScript) idle $CLUSTER 20 || echo "not idle"
        exit $code
        """,
        // A host that is gone is noticed sooner than with the settings of launch/environment.
        environment: [
          "OMPI_MCA_oob_tcp_keepalive_time": "2", "OMPI_MCA_oob_tcp_keepalive_intvl": "1",
        ], seconds: 90)
    }

    /// Where a run is continued.
    enum Target: Sendable { case hosts(Int, slots: Int), alone }

    /// Continues elsewhere, each time from a copy of what is left.
    private func resume(_ expected: Expected, _ place: String, on targets: [Target], _ comment: String) throws {
      for target in targets {
        let copy = UUID().uuidString
        try FileManager.default.copyItem(
          atPath: expected.program.path(place).string, toPath: expected.program.path(copy).string)
        switch target {
        case .hosts(let hosts, let slots):
          let outcome = try Launching.cluster(
            hosts: hosts, slots: slots, "fishermerge",
            "cd \(expected.program.path(copy)) && \(launch) \(merge.joined(separator: " ")) --resume")
          try #require(outcome.status == 0, "\(comment), then \(target): \(outcome)")
        case .alone:
          try expected.program.succeed(merge + ["--resume"], in: copy)
        }
        try expected.check("\(copy)/merged", "\(comment), then \(target)")
      }
    }

    @Test(
      "what goes away and what comes back",
      arguments: [
        (Accident("kill -9 of a rank", "kill $CLUSTER 2 fishermerge 1", status: 137), [Target.hosts(2, slots: 2)]),
        (Accident("kill -9 of a host's daemon", "kill $CLUSTER 2 orted", status: 205), [.hosts(3, slots: 1)]),
        (
          Accident("a host without power", "crash $CLUSTER 3", status: 205),
          [.hosts(2, slots: 2), .alone]
        ),
        (Accident("a link that is cut", "link $CLUSTER 2 down", status: 205), [.alone]),
        (Accident("kill -9 of mpirun", "kill $CLUSTER 1 orterun", status: 137), [.hosts(2, slots: 2)]),
      ])
    func accident(_ accident: Accident, targets: [Target]) throws {
      let expected = try Expected.shared.get()
      let place = try expected.place()
      let outcome = try interrupt(expected, in: place, by: accident.command)
      try #require(accident.statuses.contains(outcome.status) && outcome.output.isEmpty, "\(accident): \(outcome)")
      try resume(expected, place, on: targets, "\(accident)")
    }

    @Test("a signal to mpirun reaches all hosts: checkpoint, and leave", arguments: [("USR2", 75), ("TERM", 1)])
    func signal(_ signal: String, status: Int32) throws {
      let expected = try Expected.shared.get()
      let place = try expected.place()
      let outcome = try interrupt(expected, in: place, by: "kill -\(signal) $job")
      // After TERM mpirun gives the ranks a second, ends them, and leaves with a code of its own.
      #expect(outcome.status == status && outcome.output.isEmpty, "\(outcome)")
      try resume(expected, place, on: [.hosts(2, slots: 2)], signal)
    }

    @Test("SIGUSR1: a checkpoint, and the run goes on")
    func checkpointNow() throws {
      let expected = try Expected.shared.get()
      let place = try expected.place()
      let outcome = try Launching.cluster(
        hosts: 3, slots: 2, "fishermerge",
        """
        cd \(expected.program.path(place))
        \(launch) \(merge.joined(separator: " ")) >/dev/null &
        job=$!
        until [[ -d .merged.checkpoint ]] || ! kill -0 $job; do sleep 0.01; done
        # The time between checkpoints is ten minutes, so there is none without the signal.
        while kill -USR1 $job && [[ -z $(find .merged.checkpoint -name '*.sums' 2>/dev/null) ]]; do sleep 0.1; done
        kill -0 $job && echo "a checkpoint while it runs"
        wait $job
        """)
      #expect(outcome.status == 0 && outcome.output == "a checkpoint while it runs\n", "\(outcome)")
      try expected.check("\(place)/merged", "SIGUSR1")
    }

    @Test("a disk that is too full for checkpoints for a while is a warning, and changes nothing")
    func fullCheckpointDisk() throws {
      let expected = try Expected.shared.get()
      let place = try expected.place()
      let outcome = try Launching.cluster(
        hosts: 3, slots: 2, "fishermerge",
        """
        cd \(expected.program.path(place))
        \(launch) \(merge.joined(separator: " ")) --checkpoint $CLUSTER_DISK/checkpoints \(often) 2>log &
        job=$!
        until [[ -n $(find $CLUSTER_DISK/checkpoints -name '*.sums' 2>/dev/null) ]]; do sleep 0.01; done
        head -c 100M /dev/zero >$CLUSTER_DISK/filler 2>/dev/null
        until grep -q 'No space left' log || ! kill -0 $job; do sleep 0.01; done
        rm $CLUSTER_DISK/filler
        code=0
        wait $job || code=$?
        cat log >&2
        exit $code
        """, environment: ["CLUSTER_DISK_SIZE": "100m"])
      try #require(outcome.status == 0, "\(outcome)")
      #expect(outcome.errors.contains(#/warning: .*No space left on device/#), "\(outcome)")
      try expected.check("\(place)/merged", "a full disk for the checkpoints")
    }

    @Test("a full disk for the output leaves a checkpoint to continue from")
    func fullOutputDisk() throws {
      let expected = try Expected.shared.get()
      let place = try expected.place()
      let outcome = try Launching.cluster(
        hosts: 3, slots: 2, "fishermerge",
        """
        cd \(expected.program.path(place))
        run() { \(launch) merge ../recipe.yaml --checkpoint checkpoints \(often) "$@"; }
        run --output $CLUSTER_DISK/merged
        echo "code $?"
        ls -A $CLUSTER_DISK
        run --output merged --resume
        """, environment: ["CLUSTER_DISK_SIZE": "100k"])
      try #require(outcome.status == 0 && outcome.output.hasPrefix("code 74\n"), "\(outcome)")
      try FileManager.default.removeItem(atPath: expected.program.path("\(place)/checkpoints").string)
      try expected.check("\(place)/merged", "a full disk for the output")
    }

    @Test(
      "a Slurm job is put back into the queue and ends with the same bits",
      .enabled(if: Launching.slurmObstacle == nil, "\(Launching.slurmObstacle ?? "")"), arguments: ["srun", "mpirun"])
    func requeue(launcher: String) throws {
      let expected = try Expected.shared.get()
      let place = try expected.place()
      let outcome = try Launching.slurm(
        "fishermerge",
        """
        export FISHERMERGE_REPOSITORY=$PWD
        cd \(expected.program.path(place))
        job=$(sbatch --parsable --nodes=3 --ntasks-per-node=2 --output=log $FISHERMERGE_REPOSITORY/launch/slurm.sbatch \
          \(merge.joined(separator: " ")) \(often))
        until [[ -n $(find .merged.checkpoint -name '*.sums' 2>/dev/null) ]] || [[ -d merged ]]; do sleep 0.01; done
        scancel --batch --signal=USR1 $job
        until [[ -z $(squeue --noheader) ]]; do sleep 0.2; done
        scontrol show job $job | grep -oE 'Restarts=[0-9]*|JobState=[A-Z]*|ExitCode=[0-9]*'
        cat log >&2
        """,
        // Ranks that Slurm starts all connect at the same moment, which Open MPI 4.1.4's TCP does not always survive.
        environment: ["FISHERMERGE_LAUNCHER": launcher, "OMPI_MCA_mpi_preconnect_mpi": "1"], seconds: 90)
      func check() throws {
        #expect(outcome.output == "JobState=COMPLETED\nRestarts=1\nExitCode=0\n", "\(outcome)")
        try expected.check("\(place)/merged", "requeued under \(launcher)")
      }
      if launcher == "srun" {
        withKnownIssue("Open MPI crashes while it connects, before the program begins", isIntermittent: true) {
          try check()
        }
      } else {
        try check()
      }
    }
  }
}
