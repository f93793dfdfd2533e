import MessagePassing

/// Ranks of one node that work on one task at a time and add to one accumulator.
///
/// The first rank of a team is its leader: it speaks with the other leaders, writes checkpoints and delivers what is done. The leader of the
/// first team is the root of the world.
final class Team {
  /// All ranks of the run.
  let world: Communicator
  /// The ranks of this team.
  let ranks: Communicator
  /// The world once more, for the messages of the leaders.
  let control: Communicator
  let index: Int
  /// The numbers in the world of this team's ranks.
  let members: [Int]
  /// The ranks of each team, and its leader's number in the world.
  let sizes: [Int]
  let leaders: [Int]

  var isLeader: Bool { ranks.isRoot }

  /// Divides the world into teams of equal size, as far as possible, on each node.
  ///
  /// - Parameter largest: the most ranks of a team.
  ///
  /// **Collective.**
  init(_ world: Communicator, largest: Int) throws {
    self.world = world
    let node = try world.splitByNode()
    let teams = (node.size - 1) / largest + 1
    guard let ranks = try node.split(color: node.rank * teams / node.size) else {
      preconditionFailure("every rank belongs to a team")
    }
    try node.free()
    self.ranks = ranks
    control = try world.duplicate()
    members = try ranks.allGather(Int64(world.rank)).map { Int($0) }
    let leader = try ranks.broadcast(Int64(world.rank))
    let all = try world.allGather(leader)
    leaders = Set(all).sorted().map { Int($0) }
    sizes = leaders.map { leader in all.count { $0 == leader } }
    index = leaders.firstIndex(of: Int(leader)) ?? 0
  }

  /// **Collective.**
  func free() throws {
    try ranks.free()
    try control.free()
  }
}
