import Foundation

/// A mapping of values to pixels, linear or logarithmic.
struct Axis: Sendable {
  enum Scale: Sendable, Equatable { case linear, logarithmic }

  let scale: Scale
  /// Finite, not empty; positive for a logarithmic axis.
  let domain: ClosedRange<Double>
  /// The pixels of the domain's ends. The first is larger on a vertical axis, where y grows downwards.
  let start: Double
  let end: Double
  let ticks: [Tick]

  /// An axis that shows all finite `values`, from tick to tick.
  ///
  /// - Parameters:
  ///   - includingZero: a linear axis of lengths must begin at 0, one of positions need not.
  ///   - limits: values beyond which a linear axis is not extended for the sake of a round end, such as 0...100.
  init(
    covering values: [Double], scale: Scale = .linear, from start: Double, to end: Double, ticks count: Int = 5,
    includingZero: Bool = false, limits: ClosedRange<Double>? = nil
  ) {
    (self.scale, self.start, self.end) = (scale, start, end)
    // Beyond these bounds differences overflow and logarithms underflow; no statistic is so large.
    let usable = values.filter { $0.isFinite && abs($0) <= 1e300 && (scale == .linear || $0 >= 1e-300) }
    switch scale {
    case .linear:
      var low = usable.min() ?? 0
      var high = usable.max() ?? 1
      if includingZero { (low, high) = (min(low, 0), max(high, 0)) }
      if high - low <= max(1e-9 * max(abs(low), abs(high)), 1e-290) {
        let margin = abs(high) < 1e-290 ? 1 : abs(high) * 0.1
        (low, high) = (includingZero && low == 0 ? 0 : low - margin, high + margin)
      }
      let step = Ticks.step(span: high - low, count: count)
      var bottom = (low / step + 1e-9).rounded(.down) * step
      var top = (high / step - 1e-9).rounded(.up) * step
      if let limits {
        bottom = max(bottom, min(low, limits.lowerBound))
        top = min(top, max(high, limits.upperBound))
      }
      // Multiples of the step are rounded, and could leave out the value that they were made for.
      (bottom, top) = (min(bottom, low), max(top, high))
      domain = bottom...max(top, bottom.nextUp)
      ticks = Ticks.linear(domain, count: count)
    case .logarithmic:
      let low = pow(10, log10(usable.min() ?? 0.1).rounded(.down))
      let high = pow(10, log10(usable.max() ?? 1).rounded(.up))
      domain = low...(high > low ? high : low * 10)
      ticks = Ticks.logarithmic(domain, count: count)
    }
  }

  /// An axis of exactly `domain`.
  init(domain: ClosedRange<Double>, from start: Double, to end: Double, ticks count: Int = 5) {
    (scale, self.domain, self.start, self.end) = (.linear, domain, start, end)
    ticks = Ticks.linear(domain, count: count)
  }

  /// How far along the domain `value` lies, 0...1, clamped; nil where it is no number. A value that a logarithmic axis
  /// cannot show (0 or less) lies at its lower end.
  func fraction(_ value: Double) -> Double? {
    guard !value.isNaN else { return nil }
    let clamped = min(max(value, domain.lowerBound), domain.upperBound)
    switch scale {
    case .linear:
      return (clamped - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
    case .logarithmic:
      return log(clamped / domain.lowerBound) / log(domain.upperBound / domain.lowerBound)
    }
  }

  /// The pixel of `value`; nil where it is not finite.
  func position(_ value: Double) -> Double? {
    guard value.isFinite, let fraction = fraction(value) else { return nil }
    return start + fraction * (end - start)
  }

  /// The scale that shows `values`: logarithmic where positive ones differ by more than a factor of 100.
  static func scale(for values: [Double]) -> Scale {
    let finite = values.filter(\.isFinite)
    let positive = finite.filter { $0 > 0 }
    guard let low = positive.min(), let high = positive.max(), (finite.min() ?? 0) >= 0 else { return .linear }
    return high / low > 100 ? .logarithmic : .linear
  }
}

extension Axis {
  /// A horizontal axis at the bottom: grid lines from `top` to `bottom`, labels below, `title` centred under them.
  func horizontal(top: Double, bottom: Double, title: String) -> [Markup] {
    ticks.flatMap { tick -> [Markup] in
      guard let x = position(tick.value) else { return [] }
      return [
        tag("line", ["class": "grid", "x1": x, "x2": x, "y1": top, "y2": bottom]),
        tag("text", ["class": "tick", "x": x, "y": bottom + 16, "text-anchor": "middle"], text: tick.text),
      ]
    } + [
      tag("text", ["class": "title", "x": (start + end) / 2, "y": bottom + 35, "text-anchor": "middle"], text: title)
    ]
  }

  /// A vertical axis at the left: grid lines from `left` to `right`, labels beside, `title` above the axis.
  func vertical(left: Double, right: Double, title: String) -> [Markup] {
    ticks.flatMap { tick -> [Markup] in
      guard let y = position(tick.value) else { return [] }
      return [
        tag("line", ["class": "grid", "x1": left, "x2": right, "y1": y, "y2": y]),
        tag("text", ["class": "tick", "x": left - 6, "y": y + 4, "text-anchor": "end"], text: tick.text),
      ]
    } + [tag("text", ["class": "title", "x": 0.0, "y": end - 12], text: title)]
  }
}
