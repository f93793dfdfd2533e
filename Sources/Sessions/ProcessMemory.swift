import Foundation

/// What this process used, and what its host has for it.
package enum ProcessMemory {
  /// The most memory that was resident, mapped files included; 0 where the system does not tell.
  package static var peakResidentBytes: Int { Self.bytes("VmHWM", in: "/proc/self/status") ?? 0 }

  /// What the host, or the control group that this process is in, can still give; nil where the system does not tell.
  package static var availableBytes: Int? {
    [Self.bytes("MemAvailable", in: "/proc/meminfo"), groupBytes].compactMap { $0 }.min()
  }

  /// A line such as `VmHWM:   1234 kB`.
  private static func bytes(_ key: String, in file: String) -> Int? {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix(key + ":") {
      return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
    return nil
  }

  /// What the limits of the control groups (version 2) leave, the files that they cache counted as free; nil without
  /// a limit.
  private static var groupBytes: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
    else { return nil }
    return groupBytes(of: String(line.dropFirst(3)), below: "/sys/fs/cgroup")
  }

  /// - Parameter group: its path, from `root`; every group above it has a limit of its own.
  static func groupBytes(of group: String, below root: String) -> Int? {
    func number(_ path: String) -> Int? {
      (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
        Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
    }
    var parts = group.split(separator: "/")[...]
    var least: Int?
    while true {
      let directory = root + parts.map { "/\($0)" }.joined()
      if let limit = number(directory + "/memory.max"), let used = number(directory + "/memory.current") {
        let cached = (try? String(contentsOfFile: directory + "/memory.stat", encoding: .utf8))?
          .split(separator: "\n").first { $0.hasPrefix("inactive_file ") }?.split(separator: " ").last
          .flatMap { Int($0) }
        least = min(least ?? .max, max(0, limit - used + (cached ?? 0)))
      }
      if parts.isEmpty { return least }
      parts.removeLast()
    }
  }
}
