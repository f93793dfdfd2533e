/// Horizontal bars from zero, one below the other.
struct Bars {
  struct Bar {
    var name: String
    var value: Double
    /// The value as text, at the bar's end.
    var text: String
  }

  var bars: [Bar]
  var title: String
  var width = 680.0
  var label: String

  var svg: Markup {
    let left = min(bars.map { TextFitting.width($0.name) }.max() ?? 0, 200) + 12
    let right = width - 12 - (bars.map { TextFitting.width($0.text) }.max() ?? 0)
    let axis = Axis(covering: bars.map(\.value), from: left, to: right, ticks: 6, includingZero: true)
    let pitch = 22.0
    let top = 4.0
    let bottom = top + Double(bars.count) * pitch
    var parts = axis.horizontal(top: top, bottom: bottom, title: title)
    let zero = axis.position(0) ?? left
    for (index, bar) in bars.enumerated() {
      let y = top + Double(index) * pitch
      let end = axis.position(bar.value) ?? zero
      parts.append(
        tag(
          "text", ["class": "row", "x": left - 8, "y": y + 15, "text-anchor": "end"],
          text: TextFitting.shortened(bar.name, to: 200)))
      parts.append(
        tag(
          "rect",
          ["class": "bar c0", "x": min(zero, end), "y": y + 4, "width": abs(end - zero), "height": pitch - 8],
          [tag("title", text: "\(bar.name): \(bar.text)")]))
      parts.append(tag("text", ["class": "row", "x": max(zero, end) + 5, "y": y + 15], text: bar.text))
    }
    return picture(width: width, height: bottom + 42, label: label, parts)
  }
}

/// Parts of a whole, side by side in one bar.
struct StackedBar {
  struct Part {
    var name: String
    var value: Double
    /// The value as text, for the tooltip and for the part itself where it fits.
    var text: String
  }

  /// Parts that are not finite and positive have no length.
  var parts: [Part]
  var width = 680.0
  var height = 30.0
  var label: String

  var svg: Markup {
    let lengths = parts.map { $0.value.isFinite && $0.value > 0 ? min($0.value, 1e300) : 0 }
    let largest = lengths.max() ?? 0
    // Relative to the largest, so that a sum of huge parts does not overflow.
    let total = largest > 0 ? lengths.reduce(0) { $0 + $1 / largest } : 1
    var x = 0.0
    var drawn: [Markup] = []
    for (index, part) in parts.enumerated() {
      let length = largest > 0 ? lengths[index] / largest / total * width : 0
      defer { x += length }
      guard length > 0 else { continue }
      drawn.append(
        tag(
          "rect",
          ["class": "bar \(SeriesStyle.colorClass(index))", "x": x, "y": 0.0, "width": length, "height": height],
          [tag("title", text: "\(part.name): \(part.text)")]))
      if TextFitting.width(part.text) + 8 <= length, height >= 20 {
        drawn.append(
          tag(
            "text",
            [
              "class": "on-bar \(SeriesStyle.colorClass(index))", "x": x + length / 2, "y": height / 2 + 4,
              "text-anchor": "middle",
            ],
            text: part.text))
      }
    }
    return picture(width: width, height: height, label: label, drawn)
  }
}
