import Foundation
import LinearAlgebra
import Merging
import MessagePassing
import ModelMerging
import Terminal

/// RegMean's systems divided over the ranks by their cost; the root gets all solutions.
struct RegMeanSolves {
  let communicator: Communicator
  /// Where progress is shown; nil for none.
  let console: Console?
  let systems: [LinearSystem]
  /// Nil on a rank that cannot read the statistics: the root then solves everything.
  let merge: RegMeanMerge?

  /// Solves all systems. The solution is the root's, nil elsewhere.
  ///
  /// Each system is solved by one rank, so the bits do not depend on the number of ranks. **Collective.**
  func run() throws -> SolvedLayers? {
    let canShare = try communicator.allReduce(Int64(merge == nil ? 0 : 1), .minimum) == 1
    if !canShare {
      console?.warn("not all hosts see the statistics, so rank 0 solves all systems alone")
    }
    let owners = Self.owners(of: systems, models: merge?.models.count ?? 2, ranks: canShare ? communicator.size : 1)
    let total = systems.indices.filter { owners[$0] == 0 }.reduce(0) { $0 + systems[$1].layers.count }
    let progress = console.map { PhaseProgress("solving", total: total, unit: "layers", console: $0) }
    var solution = SolvedLayers()
    try communicator.agree(in: "solving RegMean's systems") {
      guard let merge else { return }
      for (index, system) in systems.enumerated() where owners[index] == communicator.rank {
        try merge.solve(system, into: &solution)
        progress?.advance(by: system.layers.count)
      }
    }
    progress?.finish()
    try collect(&solution, owners)
    return communicator.isRoot ? solution : nil
  }

  /// Which rank solves which system: the most expensive first, each to the rank that has the least to do.
  static func owners(of systems: [LinearSystem], models: Int, ranks: Int) -> [Int] {
    let costs = systems.map { $0.operations(models: models) }
    var loads = [Double](repeating: 0, count: ranks)
    var owners = [Int](repeating: 0, count: systems.count)
    for index in systems.indices.sorted(by: { (costs[$1], $0) < (costs[$0], $1) }) {
      let rank = loads.indices.min { loads[$0] < loads[$1] } ?? 0
      owners[index] = rank
      loads[rank] += costs[index]
    }
    return owners
  }

  /// Brings all merged layers and reports to the root, system by system. **Collective.**
  private func collect(_ solution: inout SolvedLayers, _ owners: [Int]) throws {
    // Reports are in each rank's order of systems, and all orders are that of the list.
    let own = try JSONEncoder().encode(solution.reports)
    if let all = try communicator.gather(Array(own)) {
      var queues = try all.map { try JSONDecoder().decode([SolveReport].self, from: Data($0))[...] }
      solution.reports = owners.compactMap { queues[$0].popFirst() }
    }
    for (system, owner) in zip(systems, owners) where owner != Communicator.root {
      for parameter in system.layers.flatMap({ [$0.weight, $0.bias].compactMap(\.self) }) {
        if communicator.rank == owner, let values = solution.values[parameter.name] {
          let message = MessageBuffer<Float>(count: values.count)
          _ = message.elements.update(fromContentsOf: values.vector.buffer)
          _ = try communicator.startSend(message, to: Communicator.root).wait()
          solution.values[parameter.name] = nil
        } else if communicator.isRoot {
          let message = MessageBuffer<Float>(count: parameter.count)
          let received = try communicator.startReceive(into: message, from: owner).wait()
          let values = Buffer<Float>(count: parameter.count)
          _ = values.vector.buffer.update(fromContentsOf: received.elements)
          solution.values[parameter.name] = values
        }
      }
    }
  }
}
