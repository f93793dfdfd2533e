/// Curves or dots over one pair of axes, and vertical lines at values of x that the reader should find.
struct LineChart {
  struct Series {
    var name: String
    /// Points whose coordinates are not both finite are left out, and the line is broken there.
    var points: [(x: Double, y: Double)]
    /// Drawn thicker, and after the others.
    var isMain = false
  }

  struct Guide {
    var x: Double
    var name: String
    var isMain = false
  }

  var series: [Series]
  var guides: [Guide] = []
  var xTitle: String
  var yTitle: String
  var xDomain: ClosedRange<Double>?
  var limits: ClosedRange<Double>?
  var connects = true
  var width = 680.0
  var height = 360.0
  var label: String

  private var left: Double { 52 }
  private var right: Double { width - 22 }
  private var bottom: Double { height - 44 }
  private var top: Double { 36 + Double(guides.count) * 16 }

  /// The index of the style of each series is its place; the main one is painted last, so that it lies on top.
  var svg: Markup {
    let points = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let xAxis =
      xDomain.map { Axis(domain: $0, from: left, to: right, ticks: 10) }
      ?? Axis(covering: points.map(\.x), from: left, to: right, ticks: 10)
    let yAxis = Axis(covering: points.map(\.y), from: bottom, to: top, ticks: 6, limits: limits)
    var parts = yAxis.vertical(left: left, right: right, title: "")
    parts.append(tag("text", ["class": "title", "x": 0.0, "y": 12.0], text: yTitle))
    parts += xAxis.horizontal(top: top, bottom: bottom, title: xTitle)
    for (index, guide) in guides.enumerated() { parts += line(of: guide, level: index, xAxis) }
    let order = series.indices.filter { !series[$0].isMain } + series.indices.filter { series[$0].isMain }
    for index in order { parts += curve(index, xAxis, yAxis) }
    return picture(width: width, height: height, label: label, parts)
  }

  /// Each guide's name stands on a line of its own, so that neighbours do not overlap.
  private func line(of guide: Guide, level: Int, _ xAxis: Axis) -> [Markup] {
    guard let x = xAxis.position(guide.x) else { return [] }
    let y = 30 + Double(level) * 16
    let toLeft = x + 6 + TextFitting.width(guide.name) > width
    return [
      tag("line", ["class": guide.isMain ? "guide strong" : "guide", "x1": x, "x2": x, "y1": y - 8, "y2": bottom]),
      tag(
        "text",
        [
          "class": guide.isMain ? "row strong" : "row", "x": toLeft ? x - 6 : x + 6, "y": y + 2,
          "text-anchor": toLeft ? "end" : "start",
        ], text: guide.name),
    ]
  }

  private func curve(_ index: Int, _ xAxis: Axis, _ yAxis: Axis) -> [Markup] {
    let series = series[index]
    let color = series.isMain ? SeriesStyle.mainClass : SeriesStyle.colorClass(index)
    var parts: [Markup] = []
    var run: [String] = []
    func finishRun() {
      if run.count > 1, connects {
        let kind = series.isMain ? "curve strong" : "curve"
        parts.append(
          tag(
            "polyline",
            ["class": "\(kind) \(color)", "points": run.joined(separator: " ")]))
      }
      run = []
    }
    for point in series.points {
      guard let x = xAxis.position(point.x), let y = yAxis.position(point.y) else {
        finishRun()
        continue
      }
      run.append("\(x.attributeText),\(y.attributeText)")
    }
    finishRun()
    // Marks tell the series apart without colour; on a dense curve every fifth is enough.
    let stride = connects ? max(1, series.points.count / 10) : 1
    for (place, point) in series.points.enumerated() where place % stride == 0 {
      guard let x = xAxis.position(point.x), let y = yAxis.position(point.y) else { continue }
      let text = "\(series.name) at \(NumberText.compact(point.x)): \(NumberText.fixed(point.y, digits: 1))"
      parts.append(SeriesStyle.mark(index, x: x, y: y, size: series.isMain ? 8 : 6, color: color, tooltip: text))
    }
    return parts
  }
}
