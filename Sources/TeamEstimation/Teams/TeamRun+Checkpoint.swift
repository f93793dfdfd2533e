import Checkpoints
import LinearAlgebra
import SystemPackage

extension TeamRun {
  /// Writes a checkpoint of all that the team has under way, while its ranks stand still.
  func checkpoint() throws {
    let start = ContinuousClock.now
    let requests = control[words.checkpointRequests]
    let pause = control.add(1, to: words.pause) + 1
    waitForRanks(in: "a checkpoint") { control[words.kept($0)] >= pause }
    save()
    control[words.resumed] = pause
    checkpoints.wrote(in: (ContinuousClock.now - start).seconds, requests: requests)
  }

  /// Writes the sums of all parts that have new blocks. A file that cannot be written is warned of: the run goes on, and the one before stays.
  func save() {
    for (index, flight) in flights where control[words.spoilt(index)] == 0 {
      let blocks = blocks(of: flight, index)
      guard blocks.count > flight.savedBlocks, canWrite else { continue }
      let file = source.directory.checkpoint(
        of: plan.models[flight.task.model].name, task: flight.task.hash, team: team.index,
        generation: orders.generation + flight.files.count)
      do {
        try CheckpointFile.write(
          PartialSums(
            task: flight.task.hash, model: plan.models[flight.task.model].name, pass: flight.task.pass,
            exponents: flight.task.exponents ?? [], settled: flight.task.settled, blocks: blocks,
            goal: flight.task.goal,
            seconds: Double(time(of: flight, index)) / 1e9, processor: Processor.blasCore),
          flight.sums.all, to: file)
        flight.savedBlocks = blocks.count
        flight.files.append(file.string)
        if flight.files.count > 2 {
          try? FileSystem.remove(FilePath(flight.files[flight.files.count - 3]))
        }
      } catch {
        surroundings.alarmFromHere("a checkpoint could not be written, and the run goes on: \(error)")
      }
    }
  }

  /// Whether this host sees the directory.
  private var canWrite: Bool { FileSystem.exists(source.directory.path) }
}
