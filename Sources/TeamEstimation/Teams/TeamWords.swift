/// The places of a team's control words.
struct TeamWords {
  let ranks: Int
  let parts: Int

  /// Why the team is to stop: 0 while it is not; see ``StopReason``.
  let stop = 0
  /// The number of the last pause that the leader asked for, and of the last that is over.
  let pause = 1
  let resumed = 2
  /// How many checkpoints users have asked for.
  let checkpointRequests = 3

  private var fixed: Int { 4 }
  /// The number of the last pause that a rank keeps; the largest number once it has left.
  func kept(_ rank: Int) -> Int { fixed + rank }
  /// What a rank is doing: 0 nothing, else 1 + the number of the block that it evaluates.
  func activity(_ rank: Int) -> Int { fixed + ranks + rank }

  private func part(_ part: Int, _ word: Int) -> Int { fixed + 2 * ranks + 5 * part + word }
  /// How many blocks of a part were claimed (or tried to be), and how many are done.
  func claimed(_ index: Int) -> Int { part(index, 0) }
  func done(_ index: Int) -> Int { part(index, 1) }
  /// Whether the slot of the part is free for another.
  func released(_ index: Int) -> Int { part(index, 2) }
  /// The nanoseconds that ranks have spent on it.
  func time(_ index: Int) -> Int { part(index, 3) }
  /// Whether a rank has failed in the middle of a block, so that the sums are of no use.
  func corrupted(_ index: Int) -> Int { part(index, 4) }

  var count: Int { part(parts, 0) }
}

/// Why teams stop before they are done. Of several the largest number counts.
enum StopReason: Int64 {
  case signal = 1
  case maximumTime = 2
  /// A rank has failed; it says why.
  case failure = 3

  var interruption: Interruption? {
    switch self {
    case .signal: .signal
    case .maximumTime: .maximumTime
    case .failure: nil
    }
  }
}
