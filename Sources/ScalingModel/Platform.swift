/// A cluster, by the numbers that decide. `docs/scaling.md` says where each comes from.
package struct Platform: Sendable, Codable {
  package var name = "typical"
  package var ranksPerNode = 64
  /// Floating-point operations per second and rank of each statistic, everything included that a block needs.
  package var speed: [StatisticKind: Double] = [.maskFisher: 85e9, .fisher: 71e9, .gram: 62e9]

  // Variation.
  /// Standard deviation of the logarithm of a node's speed.
  package var nodeSpread = 0.02
  /// The same of every block's time.
  package var blockSpread = 0.03
  /// The share of nodes that are slow, and how much slower they are.
  package var slowNodes = 0.0
  package var slowness = 1.5

  // Network.
  /// Seconds of a small message between nodes.
  package var latency = 3e-6
  /// Bytes per second between two nodes; 100 Gb/s with 4 MiB pieces.
  package var bandwidth = 10e9
  /// Bytes per second from rank to rank on one node.
  package var localBandwidth = 6e9
  /// Bytes of received sums that a rank adds per second.
  package var addition = 4e9

  // Files.
  /// Bytes per second that one node reads from and writes to the shared file system.
  package var nodeRead = 2e9
  package var nodeWrite = 1e9
  /// The same of the whole file system.
  package var totalRead = 20e9
  package var totalWrite = 10e9
  /// Seconds until a file that was written is known to be safe.
  package var sync = 0.05
  /// Bytes hashed per second and rank (SHA-256).
  package var hashing = 1.5e9
  /// Bytes of sums that a rank turns into a file's numbers per second, once.
  package var conversion = 2e9

  // Start.
  /// Seconds from the command to the last rank's return from `MPI_Init`, with one rank; and for each doubling of the
  /// nodes and each rank of a node more.
  package var launch = 0.5
  package var launchPerDoubling = 0.3
  package var launchPerLocalRank = 0.01
  /// Tokens per second of one rank's tokenizer.
  package var tokenizing = 2.6e6
  /// Seconds to open one model: headers, names, sizes.
  package var opening = 0.01
  /// Seconds in which rank 0 cuts one task's examples into blocks.
  package var dividing = 0.003

  package init() {}

  /// 10 Gb/s Ethernet and a file server behind it.
  package static var modest: Platform {
    var platform = Platform()
    platform.name = "modest"
    (platform.latency, platform.bandwidth) = (20e-6, 1.1e9)
    (platform.nodeRead, platform.nodeWrite, platform.totalRead, platform.totalWrite) = (1e9, 0.5e9, 2e9, 1e9)
    return platform
  }

  package static var typical: Platform { Platform() }

  /// No variation, and nothing but blocks costs time.
  package static var ideal: Platform {
    var platform = Platform()
    platform.name = "ideal"
    (platform.nodeSpread, platform.blockSpread, platform.latency, platform.sync) = (0, 0, 0, 0)
    (platform.bandwidth, platform.localBandwidth, platform.addition) = (.infinity, .infinity, .infinity)
    (platform.nodeRead, platform.nodeWrite, platform.totalRead) = (.infinity, .infinity, .infinity)
    (platform.totalWrite, platform.hashing, platform.conversion) = (.infinity, .infinity, .infinity)
    (platform.launch, platform.launchPerDoubling, platform.launchPerLocalRank) = (0, 0, 0)
    (platform.tokenizing, platform.opening, platform.dividing) = (.infinity, 0, 0)
    return platform
  }
}

/// What the program decides.
package struct Design: Sendable, Codable {
  /// Ranks of a team at most; a team never spans nodes.
  package var teamRanks = Int.max
  /// Accumulators of a team.
  package var slots = 2
  /// A cut task's piece of less than this many operations goes to the neighbour.
  package var smallestPart = 0.0
  /// Whether a team reads the next part's weights while it computes this one.
  package var readsAhead = false
  /// Whether nodes' speeds are known when the work is divided.
  package var knowsSpeeds = false
  /// Whether models are hashed, opened and tokenised by many ranks; else by rank 0.
  package var plansInParallel = false
  /// Whether a model's units are measured on a host that has read it before; else on the first ranks.
  package var measuresWhereRead = false
  /// Whether the examples that tell the units are dealt out to ranks; else a task's are evaluated by one.
  package var spreadsMeasuring = false
  /// Whether sums are read once for their file; else once for the hash in its header and once more.
  package var deliversInOnePass = false
  /// Whether a rank that computes nothing does the leader's messages and files.
  package var hasFreeLeader = false

  package init() {}

  /// What the program did when this study was begun: rank 0 read all inputs, and masks had teams of at most 8 ranks.
  package static func first(_ statistic: StatisticKind) -> Design {
    var design = Design()
    if statistic == .maskFisher { design.teamRanks = 8 }
    return design
  }

  /// What the program does (`EstimationJob`).
  ///
  /// - Parameter ranks: those of a node.
  package static func current(_ statistic: StatisticKind, ranksPerNode ranks: Int) -> Design {
    var design = Design()
    design.slots = statistic == .maskFisher ? 4 : min(4, 1 + ranks / 16)
    (design.plansInParallel, design.measuresWhereRead) = (true, true)
    return design
  }

  /// What it could do besides.
  package static func possible(_ statistic: StatisticKind, ranksPerNode ranks: Int) -> Design {
    var design = current(statistic, ranksPerNode: ranks)
    design.slots = max(2, design.slots)
    (design.readsAhead, design.knowsSpeeds) = (true, true)
    (design.spreadsMeasuring, design.deliversInOnePass) = (true, true)
    return design
  }
}
