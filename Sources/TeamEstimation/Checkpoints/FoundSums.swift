import Checkpoints
import Diagnostics
import Scheduling
import Sessions
import SystemPackage
import Terminal

/// What checkpoints hold of one task: the largest files that are whole and have no blocks in common.
///
/// Of the other files those stay that were written just before the chosen ones; what is older or damaged is deleted.
struct FoundSums {
  private let directory: CheckpointDirectory
  private let task: EstimationTask
  private let blockCount: Int
  private let slotCounts: [Int]
  private let session: Session

  /// - Parameters:
  ///   - blockCount: the blocks of the task.
  ///   - slotCounts: the tensors of each of its statistics.
  init(
    _ directory: CheckpointDirectory, _ task: EstimationTask, blockCount: Int, slotCounts: [Int], _ session: Session
  ) {
    (self.directory, self.task, self.blockCount) = (directory, task, blockCount)
    (self.slotCounts, self.session) = (slotCounts, session)
  }

  /// Adds what was found to a task. Reads every file that it uses. Damaged files are named, and the next smaller ones
  /// used. Not collective.
  func add(to task: inout EstimationTask) throws {
    var candidates: [CheckpointFile] = []
    for path in directory.checkpoints(of: task.hash) {
      do {
        let file = try CheckpointFile(path: path)
        if fits(file) { candidates.append(file) }
      } catch let error as CheckpointError where error == .otherVersion(path) {
        throw error
      } catch {
        refuse(path, error)
      }
    }
    // A later pass has better units; of one pass the files with the most blocks come first.
    candidates.sort { ($1.sums.pass, $1.sums.blocks.count) < ($0.sums.pass, $0.sums.blocks.count) }
    var (chosen, spare): ([CheckpointFile], [CheckpointFile]) = ([], [])
    for file in candidates {
      let isSpare = chosen.contains {
        $0.sums.pass != file.sums.pass || $0.sums.exponents != file.sums.exponents
          || !$0.sums.blocks.isDisjoint(with: file.sums.blocks)
      }
      do {
        if !isSpare {
          try file.requireIntact()
          chosen.append(file)
        } else if spare.allSatisfy({ $0.sums.blocks.isDisjoint(with: file.sums.blocks) }) {
          try file.requireIntact()
          spare.append(file)
        } else {
          try? FileSystem.remove(file.path)
        }
      } catch {
        refuse(file.path, error)
      }
    }
    guard let first = chosen.first else { return }
    for file in chosen where file.sums.processor != session.processors {
      try session.allowUnlike(file.path, computedOn: file.sums.processor)
    }
    task.processors = chosen.map(\.sums.processor)
    task.pass = first.sums.pass
    task.exponents = first.sums.exponents
    task.settled = first.sums.settled
    task.done = chosen.reduce(BlockSet()) { $0.union($1.sums.blocks) }
    task.files = chosen.compactMap { $0.path.lastComponent?.string }
    task.goal = first.sums.goal
    task.seconds = chosen.reduce(0) { $0 + $1.sums.seconds }
  }

  private func refuse(_ path: FilePath, _ error: any Error) {
    let error = diagnosis(of: error)
    session.console.warn("\(error.subject): \(error.problem); it is deleted, and what was written before it is used")
    try? FileSystem.remove(path)
  }

  /// Whether a file is of this very task and makes sense for it.
  private func fits(_ file: CheckpointFile) -> Bool {
    let sums = file.sums
    return sums.task == task.hash && file.wordCount == task.words && sums.exponents.map(\.count) == slotCounts
      && sums.blocks.union(sums.goal ?? BlockSet()).runs.last.map { $0.upperBound <= blockCount } ?? true
  }
}
