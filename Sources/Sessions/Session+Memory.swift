import Diagnostics
import Foundation
import LinearAlgebra
import MessagePassing
import Planning
import Terminal

extension Session {
  /// Finds out before the work whether the system will give its memory: each rank asks for what the plan says, and
  /// gives it back. A host that has it only if others give up theirs is warned of.
  ///
  /// - Parameter demand: the root's.
  ///
  /// **Collective.**
  package func requireMemory(_ demand: MemoryDemand?) throws {
    let perRank = Int(try communicator.broadcast(Int64(demand?.perRank ?? 0)))
    let perHost = Int(try communicator.broadcast(Int64(demand?.perHost ?? 0)))
    let onRoot = Int(try communicator.broadcast(Int64(demand?.onRoot ?? 0)))
    let own = perRank + perHost + (isRoot ? onRoot : 0)
    try communicator.agree(in: "trying the memory") {
      guard canAllocate(bytes: own) else { throw OutOfMemory(bytes: own, for: "the plan's sums and activations") }
    }
    let free = try communicator.allGather(Int64(ProcessMemory.availableBytes ?? .max)).map(Int.init)
    for (rank, place) in places.enumerated() where place.nodeRank == 0 {
      let needed = place.nodeSize * perRank + perHost + (rank == 0 ? onRoot : 0)
      guard needed > free[rank] else { continue }
      console.warn(
        "\(place.host): \(place.nodeSize) rank\(place.nodeSize == 1 ? "" : "s") may need \(byteCount(needed)) of memory, "
          + "and \(byteCount(free[rank])) are free; with fewer ranks there it fits, else the system may end the job")
    }
  }

  /// From now on, memory that is refused in the middle of the work ends the job with one message. **Not collective.**
  static func endRefusals(_ world: World, _ console: Console) {
    // Both are used by the main thread alone.
    nonisolated(unsafe) let (world, console) = (world, console)
    OutOfMemory.handle { refusal in
      // Another thread must not speak to MPI; the launcher ends the other ranks when this one leaves.
      guard Thread.isMainThread else {
        FileHandle.standardError.write(Data("error: \(refusal)\n".utf8))
        _exit(refusal.exitCode.rawValue)
      }
      world.fail(refusal) { console.error($0) }
    }
  }
}
