import Foundation

/// Where an axis has its marks, and what stands beside them.
struct Tick: Equatable, Sendable {
  let value: Double
  let text: String
}

enum Ticks {
  /// A step of 1, 2 or 5 times a power of ten that divides `span` into about `count` parts.
  static func step(span: Double, count: Int) -> Double {
    guard span.isFinite, span > 0, count > 0 else { return 1 }
    let raw = span / Double(count)
    let power = pow(10, log10(raw).rounded(.down))
    // The borders are the geometric means of neighbouring steps: √2, √10, √50.
    let factor: Double =
      switch raw / power {
      case ..<1.4142: 1
      case ..<3.1623: 2
      case ..<7.0711: 5
      default: 10
      }
    return factor * power
  }

  /// The multiples of a nice step in `domain`.
  static func linear(_ domain: ClosedRange<Double>, count: Int) -> [Tick] {
    let step = step(span: domain.upperBound - domain.lowerBound, count: count)
    // A step that is added to the last tick would carry its rounding along; multiples do not.
    let first = (domain.lowerBound / step - 1e-9).rounded(.up)
    let last = (domain.upperBound / step + 1e-9).rounded(.down)
    guard first.isFinite, last >= first, last - first < 1000 else { return [] }
    let digits = max(0, -Int(log10(step * 1.000_001).rounded(.down)))
    return (0...Int(last - first)).map { index in
      let value = (first + Double(index)) * step
      let plain = digits <= 4 && abs(value) < 1e6
      return Tick(value: value, text: plain ? NumberText.fixed(value, digits: digits) : NumberText.compact(value))
    }
  }

  /// Powers of ten in `domain` (positive), every n-th of them where there are more than `count`; where there are fewer
  /// than three, 2 and 5 times a power as well.
  static func logarithmic(_ domain: ClosedRange<Double>, count: Int) -> [Tick] {
    let low = Int((log10(domain.lowerBound) - 1e-9).rounded(.up))
    let high = Int((log10(domain.upperBound) + 1e-9).rounded(.down))
    if high - low >= 2 {
      let stride = max(1, ((high - low) + max(1, count) - 1) / max(1, count))
      return Swift.stride(from: low, through: high, by: stride).map { exponent in
        Tick(value: pow(10, Double(exponent)), text: decade(exponent))
      }
    }
    return (low - 1...high + 1).flatMap { exponent in
      [1.0, 2, 5].map {
        Tick(value: $0 * pow(10, Double(exponent)), text: NumberText.compact($0 * pow(10, Double(exponent))))
      }
    }.filter { $0.value >= domain.lowerBound * (1 - 1e-9) && $0.value <= domain.upperBound * (1 + 1e-9) }
  }

  private static func decade(_ exponent: Int) -> String {
    (-2...3).contains(exponent)
      ? NumberText.compact(pow(10, Double(exponent))) : NumberText.scientific(pow(10, Double(exponent)))
  }
}
