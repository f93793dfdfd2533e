import Estimation

/// Something that is measured block by block.
final class BlockTask {
  let name: String
  let run: (ExampleBlock) throws -> Void
  /// Processor's seconds over all blocks, by turn.
  fileprivate(set) var seconds: [Double] = []

  init(_ name: String, _ run: @escaping (ExampleBlock) throws -> Void) {
    self.name = name
    self.run = run
  }
}

/// Measures tasks in turns, block by block, with the peak's products between them: whatever else the machine does meets
/// all alike.
///
/// - Parameters:
///   - repetitions: of each block in one measurement, where blocks are short.
func takeTurns(
  _ tasks: [BlockTask], over blocks: [ExampleBlock], turns: Int, repetitions: Int = 1, peak: Peak
) throws {
  // Arenas find their sizes, and sums their pages.
  if let first = blocks.first {
    for task in tasks { for _ in 0..<2 { try task.run(first) } }
  }
  for turn in 0..<turns {
    say("turn \(turn + 1) of \(turns): \(tasks.map(\.name).joined(separator: ", "))")
    var seconds = Array(repeating: 0.0, count: tasks.count)
    for (number, block) in blocks.enumerated() {
      for step in tasks.indices {
        // Nobody always comes after the same neighbour.
        let index = (step + number + turn) % tasks.count
        seconds[index] += try processorSeconds {
          for _ in 0..<repetitions { try tasks[index].run(block) }
        }
        peak.sample()
      }
    }
    peak.endTurn()
    for (task, time) in zip(tasks, seconds) { task.seconds.append(time / Double(repetitions)) }
  }
}
