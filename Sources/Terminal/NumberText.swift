import Foundation

extension Duration {
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// "83 %"
package func percent(_ fraction: Double) -> String { "\(Int((fraction * 100).rounded(.down))) %" }

/// Three significant digits without an exponent where that is readable: 1234, 12.3, 0.00123.
package func significant(_ value: Double) -> String {
  guard value != 0 else { return "0" }
  guard value.isFinite else { return "\(value)" }
  let magnitude = abs(value)
  if magnitude >= 100 { return magnitude < 1e7 ? String(format: "%.0f", value) : String(format: "%.3g", value) }
  return magnitude >= 1e-3 ? String(format: "%.3g", value) : String(format: "%.2e", value)
}

/// "0.4 s", "12 s", "3 min 5 s", "2 h 10 min"
package func duration(_ seconds: Double) -> String {
  if seconds < 10 { return String(format: "%.1f s", seconds) }
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}

/// "1.5 GB", in powers of ten as disks and files are counted.
package func byteCount(_ bytes: Int) -> String {
  let units = ["B", "kB", "MB", "GB", "TB"]
  var value = Double(bytes)
  var unit = 0
  while value >= 1000, unit < units.count - 1 {
    value /= 1000
    unit += 1
  }
  return unit == 0 ? "\(bytes) B" : String(format: value < 10 ? "%.1f %@" : "%.0f %@", value, units[unit])
}
