/// Named points over a logarithmic axis of costs, and horizontal lines at values that they are held against.
struct ScatterPlot {
  struct Point {
    var name: String
    /// Positive.
    var x: Double
    var y: Double
    /// The number of its style.
    var style: Int
    var isMain = false
  }

  struct Level {
    var y: Double
    var name: String
  }

  var points: [Point]
  var levels: [Level]
  var xTitle: String
  var yTitle: String
  var width = 760.0
  var height = 440.0
  var label: String
  var text: (Double) -> String

  /// How far the rows of two names are apart, and a name's from a mark.
  private static let (line, mark) = (15.0, 10.0)

  /// Where something stands that no name may cover.
  private struct Place {
    var x: ClosedRange<Double>
    var y: Double
    var clearance: Double
  }

  var svg: Markup {
    let (left, right, bottom, top) = (52.0, width - 150, height - 44, 34.0)
    let xAxis = Axis(covering: points.map(\.x), scale: .logarithmic, from: left, to: right, ticks: 6)
    let yAxis = Axis(
      covering: points.map(\.y) + levels.map(\.y), from: bottom, to: top, ticks: 7, limits: -100...100)
    var parts = yAxis.vertical(left: left, right: right, title: "")
    parts.append(tag("text", ["class": "title", "x": 0.0, "y": 12.0], text: yTitle))
    parts += xAxis.horizontal(top: top, bottom: bottom, title: xTitle)
    for level in levels {
      guard let y = yAxis.position(level.y) else { continue }
      parts.append(tag("line", ["class": "guide", "x1": left, "x2": right, "y1": y, "y2": y]))
      parts.append(tag("text", ["class": "row", "x": right + 6, "y": y + 4], text: level.name))
    }
    // Names keep clear of marks and of each other.
    var taken: [Place] = points.compactMap { point in
      guard let x = xAxis.position(point.x), let y = yAxis.position(point.y) else { return nil }
      return Place(x: x - 7...x + 7, y: y, clearance: Self.mark)
    }
    for point in points.sorted(by: { ($0.isMain ? 0 : 1, $0.y) < ($1.isMain ? 0 : 1, $1.y) }) {
      guard let x = xAxis.position(point.x), let y = yAxis.position(point.y) else { continue }
      let name = TextFitting.shortened(point.name, to: 190)
      let (place, anchor) = place(of: name, x, y, taken)
      taken.append(place)
      parts.append(
        tag(
          "text",
          [
            "class": point.isMain ? "row strong" : "row",
            "x": anchor == "end" ? place.x.upperBound : place.x.lowerBound, "y": place.y + 4, "text-anchor": anchor,
          ], text: name))
      let end = anchor == "end" ? place.x.upperBound + 2 : place.x.lowerBound - 2
      if abs(place.y - y) > 6 {
        parts.append(tag("line", ["class": "axis", "x1": x, "y1": y, "x2": end, "y2": place.y]))
      }
      parts.append(
        SeriesStyle.mark(
          point.style, x: x, y: y, size: point.isMain ? 13 : 9, tooltip: "\(point.name): \(text(point.y))"))
    }
    return picture(width: width, height: height, label: label, parts)
  }

  /// Where a name stands: beside its point, and as far above or below it as others need.
  private func place(
    of name: String, _ x: Double, _ y: Double, _ taken: [Place]
  ) -> (place: Place, anchor: String) {
    let length = TextFitting.width(name)
    let toLeft = x + 11 + length > width
    let span = toLeft ? x - 11 - length...x - 11 : x + 11...x + 11 + length
    var distance = 0.0
    while distance < height {
      for row in distance == 0 ? [y] : [y + distance, y - distance] where row > 24 && row < height - 46 {
        if !taken.contains(where: { $0.x.overlaps(span) && abs($0.y - row) < $0.clearance }) {
          return (Place(x: span, y: row, clearance: Self.line), toLeft ? "end" : "start")
        }
      }
      distance += 3
    }
    return (Place(x: span, y: y, clearance: Self.line), toLeft ? "end" : "start")
  }
}
