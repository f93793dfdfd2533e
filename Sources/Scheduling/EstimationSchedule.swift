/// Which team evaluates which blocks of which task, in which order, and who gets whose sums.
///
/// A task is one model with its data; a team is a set of ranks that share an accumulator and so work on one task at a
/// time. The tasks are laid along a line, the largest first, and the line is cut so that each team gets work in
/// proportion to its ranks. A cut may go through a task, which then has several teams: all but its owner hand over
/// their sums. Every other team goes through its parts backwards, so that the two ends of a cut task are evaluated at
/// the same time (both at the beginning or both at the end of the run): who hands over finds the receiver at work on
/// that task, and nobody keeps two accumulators.
///
/// A pure function of the work and the teams; the result does not depend on it, because sums are integers.
package struct EstimationSchedule: Codable, Sendable, Equatable {
  /// A share of one task's blocks for one team.
  package struct Part: Codable, Sendable, Equatable {
    /// Index of the task.
    package let task: Int
    package let blocks: BlockSet
    /// The predicted work.
    package let work: Double
    /// The team that gets the sums when all is done; nil for the owner, which delivers the task.
    package fileprivate(set) var parent: Int?
    /// The teams whose sums this one gets before it passes them on.
    package fileprivate(set) var children: [Int] = []
  }

  /// What is left to do of one task.
  package struct Work: Sendable {
    /// The blocks, with the predicted work of each; any unit that is the same for all tasks.
    package let blocks: [(index: Int, work: Double)]

    package init(blocks: [(index: Int, work: Double)]) { self.blocks = blocks }

    package var total: Double { blocks.reduce(0) { $0 + $1.work } }
  }

  /// For each team its parts in the order of their evaluation.
  package private(set) var parts: [[Part]]
  /// For each task the team that delivers it.
  package private(set) var owners: [Int]

  /// Divides the tasks over the teams.
  ///
  /// - Parameters:
  ///   - tasks: what is to be done. A task without blocks (all were done before an interruption) still gets an owner,
  ///     and a part without blocks, because it has to be delivered.
  ///   - teams: the ranks of each team; at least one team of at least one rank.
  ///   - smallestPart: a cut task's piece of less than this work goes to the neighbour: handing over sums is dearer.
  package init(tasks: [Work], teams: [Int], smallestPart: Double = 0) {
    precondition(teams.allSatisfy { $0 > 0 }, "a team has ranks")
    self.init(tasks: tasks, capacities: teams.map(Double.init), smallestPart: smallestPart)
  }

  /// Divides the tasks over teams whose ranks differ in speed.
  ///
  /// - Parameter capacities: how much each team does in a unit of time, such as its ranks times their speed; positive.
  package init(tasks: [Work], capacities teams: [Double], smallestPart: Double = 0) {
    precondition(!teams.isEmpty && teams.allSatisfy { $0 > 0 && $0.isFinite }, "a team does something")
    parts = Array(repeating: [], count: teams.count)
    owners = Array(repeating: 0, count: tasks.count)
    // Along the line in team order; each team's share of what is left is cut off in turn.
    let totals = tasks.map(\.total)
    let order = tasks.indices.sorted { (totals[$1], $0) < (totals[$0], $1) }
    var leftWork = totals.reduce(0, +)
    var team = 0
    // Summed anew for each team: a running difference would end near zero with a large relative error.
    func share(of team: Int) -> Double { teams[team] / teams[team...].reduce(0, +) }
    var room = leftWork * share(of: 0)
    var pieces: [[Part]] = Array(repeating: [], count: teams.count)

    func nextTeam() {
      leftWork -= pieces[team].reduce(0) { $0 + $1.work }
      team += 1
      room = leftWork * share(of: team)
    }

    for task in order {
      let blocks = tasks[task].blocks
      var start = 0
      var rest = totals[task]
      while true {
        let isLast = team == teams.count - 1
        // The remainder is cut where the room ends, unless one of both sides would be too small to be worth a
        // hand-over.
        if !isLast, room <= 0 || (room < smallestPart && room < rest && !pieces[team].isEmpty) {
          nextTeam()
          continue
        }
        var end = blocks.count
        if !isLast, rest > room, rest - room >= smallestPart {
          var work = 0.0
          end = start
          // A block goes to the side that has more of it.
          while end < blocks.count, work + blocks[end].work / 2 <= room {
            work += blocks[end].work
            end += 1
          }
          if end == start, !pieces[team].isEmpty {
            nextTeam()
            continue
          }
          end = max(end, min(start + 1, blocks.count))
        }
        let own = blocks[start..<end]
        let work = own.reduce(0) { $0 + $1.work }
        pieces[team].append(Part(task: task, blocks: BlockSet(own.map(\.index)), work: work))
        rest -= work
        room -= work
        start = end
        guard start < blocks.count else { break }
        nextTeam()
      }
    }
    for index in teams.indices { parts[index] = index % 2 == 0 ? pieces[index] : pieces[index].reversed() }
    connect(finishes: finishes(capacities: teams))
  }

  /// All teams on every task, one task after the other, and the first team its owner: for teams that cannot deliver.
  package static func sequential(tasks: [Work], teams: [Int]) -> EstimationSchedule {
    var schedule = EstimationSchedule(tasks: [], teams: teams)
    schedule.owners = Array(repeating: 0, count: tasks.count)
    for (task, work) in tasks.enumerated() {
      let single = EstimationSchedule(tasks: [work], teams: teams)
      for team in teams.indices {
        let own = single.parts[team].first
        guard own != nil || team == 0 else { continue }
        schedule.parts[team].append(Part(task: task, blocks: own?.blocks ?? BlockSet(), work: own?.work ?? 0))
      }
    }
    // All are taken to be done at the same time; the first team comes first.
    schedule.connect(finishes: schedule.parts.map { $0.map { Double($0.task) } })
    return schedule
  }

  /// When each team is predicted to be done with each of its parts.
  package func finishes(_ teams: [Int]) -> [[Double]] { finishes(capacities: teams.map(Double.init)) }

  /// The same for teams whose ranks differ in speed.
  package func finishes(capacities: [Double]) -> [[Double]] {
    zip(parts, capacities).map { parts, capacity in
      var time = 0.0
      return parts.map { part in
        time += part.work / capacity
        return time
      }
    }
  }

  /// Makes a tree of every task's teams, binomial as far as possible: who is done first is a leaf, who is done last is
  /// the owner, and a receiver is at work on the task when the sender is done.
  private mutating func connect(finishes: [[Double]]) {
    var places: [Int: [(team: Int, place: Int, start: Double, finish: Double)]] = [:]
    for team in parts.indices {
      for (place, part) in parts[team].enumerated() {
        let start = place == 0 ? 0 : finishes[team][place - 1]
        places[part.task, default: []].append((team, place, start, finishes[team][place]))
      }
    }
    for (task, found) in places {
      let order = found.sorted { ($1.finish, $0.team) < ($0.finish, $1.team) }
      owners[task] = order[0].team
      for index in order.indices.dropFirst() {
        let child = order[index]
        // In a binomial tree the parent's number is this one's without its lowest bit.
        var parent = order[index & (index - 1)]
        if parent.start > child.finish {
          let present = order[..<index].filter { $0.start <= child.finish }
          parent = present.min { childCount($0.team, $0.place) < childCount($1.team, $1.place) } ?? parent
        }
        parts[child.team][child.place].parent = parent.team
        parts[parent.team][parent.place].children.append(child.team)
      }
    }
  }

  private func childCount(_ team: Int, _ place: Int) -> Int { parts[team][place].children.count }
}
