/// Which colour a value has, and the key that tells the reader.
struct ValueColors: Sendable {
  let scale: ColorScale
  let axis: Axis
  /// The value that has the middle colour, where the scale diverges.
  private let middle: Double?
  private let ticks: [Tick]

  private static let width = 300.0
  private static let margin = 34.0

  /// Dark for little, bright for much; by powers of ten where the values differ by more than a factor of 100.
  ///
  /// - Parameter scale: nil for the choice above; linear where 0 means something.
  init(sequential values: [Double], scale axisScale: Axis.Scale? = nil) {
    scale = .sequential
    let kind = axisScale ?? Axis.scale(for: values)
    axis = Axis(
      covering: values, scale: kind, from: Self.margin, to: Self.margin + Self.width, ticks: 5,
      includingZero: kind == .linear)
    middle = nil
    ticks = axis.ticks
  }

  /// Shares of a whole in `parts` parts: the middle colour means an equal share, 1/`parts`.
  init(sharesOf parts: Int) {
    scale = .diverging
    axis = Axis(domain: 0...1, from: Self.margin, to: Self.margin + Self.width)
    let equal = 1 / Double(max(2, parts))
    middle = equal
    let share = Tick(value: equal, text: "1/\(max(2, parts))")
    // Among very many parts an equal share lies so near to nothing that the labels would touch.
    ticks = (equal > 0.08 ? [Tick(value: 0, text: "0")] : []) + [share, Tick(value: 1, text: "1")]
  }

  /// The colour of `value`, nil where it is no number.
  func color(_ value: Double) -> Color? {
    guard value.isFinite, let fraction = axis.fraction(value) else { return nil }
    guard let middle else { return scale.color(fraction) }
    return scale.color(fraction < middle ? 0.5 * fraction / middle : 0.5 + 0.5 * (fraction - middle) / (1 - middle))
  }

  /// The key: a strip of the colours over an axis.
  func key(caption: String) -> Markup {
    let steps = 60
    let step = Self.width / Double(steps)
    var parts = (0..<steps).map { index -> Markup in
      let fraction = (Double(index) + 0.5) / Double(steps)
      let fill = middle == nil ? scale.color(fraction) : color(fraction) ?? scale.color(fraction)
      // Half a pixel of overlap hides the seams that antialiasing would draw.
      return tag(
        "rect",
        [
          "x": Self.margin + Double(index) * step, "y": 2.0, "width": step + (index + 1 < steps ? 0.5 : 0),
          "height": 12.0, "fill": fill.hex,
        ])
    }
    for tick in ticks {
      guard let x = axis.position(tick.value) else { continue }
      parts.append(tag("line", ["class": "axis", "x1": x, "x2": x, "y1": 14.0, "y2": 18.0]))
      parts.append(tag("text", ["class": "tick", "x": x, "y": 31.0, "text-anchor": "middle"], text: tick.text))
    }
    let strip = picture(width: Self.width + 2 * Self.margin, height: 36, label: caption, parts)
    return tag("div", ["class": "key"], [tag("span", [:], text: caption), strip])
  }
}
