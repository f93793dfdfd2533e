import Foundation

/// How far a phase is, with rate and time left: a bar on a terminal, a line every few seconds elsewhere.
///
/// Of work that all ranks share, the root knows its own part only and takes it for typical: the blocks have like sizes.
final class Progress {
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
  init(_ label: String, total: Int, unit: String = "examples", console: Console) {
    self.label = label
    self.total = total
    self.unit = unit
    self.console = console
  }

  /// Counts `count` more, and shows it if the last time is long enough ago.
  func advance(by count: Int) {
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
  func finish() -> Double {
    console.clearLine()
    return (ContinuousClock.now - start).seconds
  }
}

extension Duration {
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// "83 %"
func percent(_ fraction: Double) -> String { "\(Int((fraction * 100).rounded(.down))) %" }

/// Three significant digits without an exponent where that is readable: 1234, 12.3, 0.00123.
func significant(_ value: Double) -> String {
  guard value != 0 else { return "0" }
  guard value.isFinite else { return "\(value)" }
  let magnitude = abs(value)
  if magnitude >= 100 { return magnitude < 1e7 ? String(format: "%.0f", value) : String(format: "%.3g", value) }
  return magnitude >= 1e-3 ? String(format: "%.3g", value) : String(format: "%.2e", value)
}

/// "0.4 s", "12 s", "3 min 5 s", "2 h 10 min"
func duration(_ seconds: Double) -> String {
  if seconds < 10 { return String(format: "%.1f s", seconds) }
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}

/// "1.5 GB", in powers of ten as disks and files are counted.
func byteCount(_ bytes: Int) -> String {
  let units = ["B", "kB", "MB", "GB", "TB"]
  var value = Double(bytes)
  var unit = 0
  while value >= 1000, unit < units.count - 1 {
    value /= 1000
    unit += 1
  }
  return unit == 0 ? "\(bytes) B" : String(format: value < 10 ? "%.1f %@" : "%.0f %@", value, units[unit])
}
