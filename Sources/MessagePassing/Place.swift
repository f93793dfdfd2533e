#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a rank runs: what the start line tells the user about hosts and binding.
package struct Place: Sendable, Equatable {
  /// The host's name.
  package let host: String
  /// The rank's number among those on the same host, from 0, and how many they are.
  package let nodeRank: Int
  package let nodeSize: Int
  /// The processors that the rank may run on, as "0-3,8"; nil where the system does not tell.
  package let affinity: String?
  /// How many processors these are; nil where the system does not tell.
  package var processors: Int? { affinity.map(Self.processorCount) }

  /// Where each rank of `communicator` runs, in the order of ranks, on every rank. **Collective.**
  package static func all(of communicator: Communicator) throws(MessagePassingError) -> [Place] {
    let node = try communicator.splitByNode()
    let (nodeRank, nodeSize) = (node.rank, node.size)
    try node.free()
    let nodeRanks = try communicator.allGather(Int64(nodeRank))
    let nodeSizes = try communicator.allGather(Int64(nodeSize))
    let hosts = try communicator.allGather(hostName)
    let affinities = try communicator.allGather(allowedProcessors ?? "")
    return (0..<communicator.size).map { rank in
      Place(
        host: hosts[rank], nodeRank: Int(nodeRanks[rank]), nodeSize: Int(nodeSizes[rank]),
        affinity: affinities[rank].isEmpty ? nil : affinities[rank])
    }
  }

  /// "rank 5 on node3 and rank 7 on node4": at most five of some ranks by name.
  ///
  /// - Parameter hosts: of all ranks, in their order.
  package static func names(of ranks: [Int], hosts: [String]) -> String {
    let named = ranks.prefix(5).map { "rank \($0) on \($0 < hosts.count ? hosts[$0] : "an unknown host")" }
    let (first, last) =
      ranks.count > named.count
      ? (named[...], "\(ranks.count - named.count) more") : (named.dropLast(), named.last ?? "nobody")
    return first.isEmpty ? last : "\(first.joined(separator: ", ")) and \(last)"
  }

  /// This host's name. **Not collective.**
  package static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown host" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The processors that this process may run on, in the kernel's notation ("0-3,8"); nil where the system does not
  /// tell. **Not collective.**
  package static var allowedProcessors: String? {
    // Linux's answer to sched_getaffinity, already formatted, and without that call's limit of 1024 processors.
    guard let file = fopen("/proc/self/status", "r") else { return nil }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, file) > 0, let text = line.map({ String(cString: $0) }) {
      guard text.hasPrefix("Cpus_allowed_list:") else { continue }
      return text.split(whereSeparator: \.isWhitespace).last.map(String.init)
    }
    return nil
  }

  /// How many processors a list in the kernel's notation names: 5 for "0-3,8".
  package static func processorCount(_ list: String) -> Int {
    list.split(separator: ",").reduce(0) { sum, range in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last else { return sum }
      return sum + last - first + 1
    }
  }
}
