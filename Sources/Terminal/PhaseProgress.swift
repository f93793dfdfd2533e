/// How far a phase is, with rate and time left: a bar on a terminal, a line every few seconds elsewhere.
///
/// Of work that all ranks share, the root knows its own part only and takes it for typical: the blocks have like sizes.
package final class PhaseProgress {
  private let console: Console
  private let label: String
  private let total: Int
  private let unit: String
  private let start = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  private var done = 0

  /// - Parameters:
  ///   - total: how much there is to do, over all ranks.
  ///   - unit: what is counted, in the plural.
  package init(_ label: String, total: Int, unit: String = "examples", console: Console) {
    self.label = label
    self.total = total
    self.unit = unit
    self.console = console
  }

  /// Counts `count` more, and shows it if the last time is long enough ago.
  package func advance(by count: Int) {
    done += count
    let now = ContinuousClock.now
    guard now - lastShown >= (console.isTerminal ? .milliseconds(100) : .seconds(5)) else { return }
    lastShown = now
    let seconds = (now - start).seconds
    let fraction = min(1, Double(done) / Double(max(1, total)))
    let rate = Double(done) / max(seconds, 1e-9)
    let left = rate > 0 ? Double(max(0, total - done)) / rate : 0
    let figures =
      "\(percent(fraction)) \(min(done, total))/\(total) \(unit), \(significant(rate)) \(unit)/s, \(duration(left)) left"
    if console.isTerminal {
      let filled = Int(fraction * 24)
      let bar = String(repeating: "━", count: filled) + String(repeating: "╌", count: 24 - filled)
      console.overwrite("\(label) \(bar) \(figures)")
    } else {
      console.note("\(label): \(figures)")
    }
  }

  /// Ends the phase; gives its seconds.
  @discardableResult
  package func finish() -> Double {
    console.clearLine()
    return (ContinuousClock.now - start).seconds
  }
}
