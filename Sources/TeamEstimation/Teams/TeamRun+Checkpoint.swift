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

  /// Writes the sums of all parts that have new blocks. A file that cannot be written is warned of: the run goes on,
  /// and the one before stays.
  func save() {
    for (index, active) in activeParts where control[words.corrupted(index)] == 0 {
      let blocks = blocks(of: active, index)
      guard blocks.count > active.savedBlocks, canWrite else { continue }
      let file = source.directory.checkpoint(
        of: plan.models[active.task.model].name, task: active.task.hash, team: team.index,
        generation: orders.generation + active.files.count)
      do {
        try CheckpointFile.write(
          PartialSums(
            task: active.task.hash, model: plan.models[active.task.model].name, pass: active.task.pass,
            exponents: active.task.exponents ?? [], settled: active.task.settled, blocks: blocks,
            goal: active.task.goal,
            seconds: Double(time(of: active, index)) / 1e9,
            processor: active.task.processors(with: surroundings.processors)),
          active.sums.all, to: file)
        active.savedBlocks = blocks.count
        active.files.append(file.string)
        if active.files.count > 2 {
          try? FileSystem.remove(FilePath(active.files[active.files.count - 3]))
        }
      } catch {
        surroundings.alarmFromHere("a checkpoint could not be written, and the run goes on: \(error)")
      }
    }
  }

  /// Whether this host sees the directory.
  private var canWrite: Bool { FileSystem.exists(source.directory.path) }
}
