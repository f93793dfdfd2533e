import Foundation

/// Numbers as text for people: few digits, no exponent where none is needed, a dash where there is no number.
enum NumberText {
  static let none = "–"

  /// `value` with exactly `digits` decimals.
  static func fixed(_ value: Double, digits: Int) -> String {
    guard value.isFinite else { return none }
    let text = String(format: "%.\(digits)f", value)
    // "-0.0" says nothing that "0.0" does not.
    return text.hasPrefix("-") && !text.contains { ("1"..."9").contains($0) } ? String(text.dropFirst()) : text
  }

  /// `value` with at most `digits` decimals.
  static func trimmed(_ value: Double, digits: Int) -> String {
    var text = fixed(value, digits: digits)
    guard text.contains(".") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  /// Three significant digits: `0.0123`, `4.57`, `123`, `45 600`, `1.23e-7`.
  static func compact(_ value: Double) -> String {
    guard value.isFinite else { return none }
    guard value != 0 else { return "0" }
    let exponent = Int(log10(abs(value)).rounded(.down))
    if (-3...2).contains(exponent) { return trimmed(value, digits: 2 - exponent) }
    if (3...5).contains(exponent) { return grouped(Int(value.rounded())) }
    return scientific(value)
  }

  /// `1.23e-7`, or `1e-7`. Raised digits would be too small to tell 10⁻⁶ from 10⁻⁸ beside an axis.
  static func scientific(_ value: Double) -> String {
    guard value.isFinite else { return none }
    let parts = String(format: "%.2e", value).split(separator: "e")
    guard parts.count == 2, let mantissa = Double(parts[0]), let exponent = Int(parts[1]) else { return none }
    return "\(trimmed(mantissa, digits: 2))e\(exponent)"
  }

  /// A count, with thin spaces between groups of three digits from 10 000 on.
  static func grouped(_ value: Int) -> String {
    guard value.magnitude >= 10_000 else { return "\(value)" }
    var text = ""
    let digits = "\(value.magnitude)"
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "\u{202F}" }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + text
  }

  /// A fraction as a percentage without its sign: 0.8712 is `87.1`.
  static func percent(_ fraction: Double) -> String { fixed(fraction * 100, digits: 1) }

  /// `0.42 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`.
  static func seconds(_ value: Double) -> String {
    guard value.isFinite, value >= 0, value < 1e9 else { return none }
    if value < 10 { return trimmed(value, digits: 2) + " s" }
    if value < 120 { return fixed(value, digits: 1) + " s" }
    let whole = Int(value.rounded())
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if whole < 7200 { return "\(whole / 60) min \(two(whole % 60)) s" }
    return "\(whole / 3600) h \(two(whole % 3600 / 60)) min"
  }
}
