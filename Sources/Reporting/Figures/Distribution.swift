/// Quantiles of many values per column, as nested strips: the narrower the share of values, the wider the strip.
struct Distribution {
  /// Per column the 0, 1, 5, 25, 50, 75, 95, 99 and 100 % quantiles. Columns with another number of values, or with
  /// values that are not finite, stay empty.
  var columns: [[Double]]
  var names: [String]
  var xTitle: String
  var yTitle: String
  /// Shared by several figures that are to be compared.
  var axis: Axis
  var width: Double
  /// The index of the series, for the colour.
  var series: Int
  var label: String

  /// The pixels of the vertical axis's ends, for whoever makes ``axis``.
  static let bottom = 236.0
  static let top = 26.0
  static let left = 58.0
  static let probabilities = ["0", "1", "5", "25", "50", "75", "95", "99", "100"]

  var svg: Markup {
    let right = width - 6
    var parts = axis.vertical(left: Self.left, right: right, title: yTitle)
    let pitch = (right - Self.left) / Double(max(columns.count, 1))
    let widest = names.map { TextFitting.width($0) }.max() ?? 0
    let stride = [1, 2, 4, 8, 16].first { pitch * Double($0) >= widest + 3 } ?? 32
    for (index, quantiles) in columns.enumerated() {
      let x = Self.left + (Double(index) + 0.5) * pitch
      let name = index < names.count ? names[index] : "\(index)"
      if index % stride == 0 {
        parts.append(
          tag("text", ["class": "tick", "x": x, "y": Self.bottom + 16, "text-anchor": "middle"], text: name))
      }
      parts += strips(quantiles, x: x, width: min(pitch * 0.72, 26), name: name)
    }
    parts.append(
      tag(
        "text",
        ["class": "title", "x": (Self.left + right) / 2, "y": Self.bottom + 34, "text-anchor": "middle"],
        text: xTitle))
    return picture(width: width, height: Self.bottom + 40, label: label, parts)
  }

  private func strips(_ quantiles: [Double], x: Double, width: Double, name: String) -> [Markup] {
    let places = quantiles.compactMap { axis.position($0) }
    guard quantiles.count == Self.probabilities.count, places.count == quantiles.count else { return [] }
    let color = SeriesStyle.colorClass(series)
    func strip(_ low: Int, _ high: Int, _ share: Double, _ kind: String) -> Markup {
      tag(
        "rect",
        [
          "class": "\(kind) \(color)", "x": x - width * share / 2, "y": min(places[low], places[high]),
          "width": width * share, "height": max(abs(places[low] - places[high]), 0.5),
        ])
    }
    let words = zip(Self.probabilities, quantiles).map { "\($0) %: \(NumberText.compact($1))" }
    return [
      tag(
        "g", ["class": "distribution"],
        [
          tag("title", text: (["\(xTitle) \(name)"] + words).joined(separator: "\n")),
          tag("line", ["class": "error \(color)", "x1": x, "x2": x, "y1": places[0], "y2": places[8]]),
          strip(1, 7, 0.3, "band faint"), strip(2, 6, 0.62, "band middle"), strip(3, 5, 1, "band full"),
          tag(
            "line",
            ["class": "median", "x1": x - width / 2, "x2": x + width / 2, "y1": places[4], "y2": places[4]]),
        ])
    ]
  }
}
