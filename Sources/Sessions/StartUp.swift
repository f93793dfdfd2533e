import Foundation

/// How long this process took until it evaluated its first example.
package final class StartUp {
  /// Seconds since the kernel started the process, to a hundredth; nil before the first example, and where the system
  /// does not tell.
  package private(set) var seconds: Double?

  /// Called before every block; only the first time counts.
  package func end() { seconds = seconds ?? Self.processAge }

  private static var processAge: Double? {
    // The program's name stands in brackets and may hold anything. The 20th field behind it is when the process began,
    // in ticks since the machine did.
    guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
      let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 19,
      let ticks = Double(fields[19])
    else { return nil }
    var now = timespec()
    clock_gettime(CLOCK_BOOTTIME, &now)
    return Double(now.tv_sec) + 1e-9 * Double(now.tv_nsec) - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
