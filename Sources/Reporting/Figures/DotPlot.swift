/// Values of several series per row as marks on one axis, each series on a line of its own within the row, so that
/// equal values do not hide each other.
struct DotPlot {
  struct Row {
    var name: String
    /// One per series; what is not finite is left out.
    var values: [Double]
    /// Half the length of the error bar per series, in the unit of the values; empty or not finite for none.
    var errors: [Double] = []
    /// Set apart by a line above, such as a mean.
    var isSummary = false
  }

  var rows: [Row]
  var series: [String]
  var title: String
  var scale: Axis.Scale = .linear
  var limits: ClosedRange<Double>?
  var width = 520.0
  var text: (Double) -> String
  var label: String

  private var pitch: Double { series.count > 5 ? 10.5 : 13 }
  static let rowGap = 12.0

  var svg: Markup {
    let left = min(rows.map { TextFitting.width($0.name) }.max() ?? 0, 190) + 14
    let right = width - 24
    let ends = rows.flatMap { row in
      row.values.indices.flatMap { index -> [Double] in
        let error = scale == .linear ? Self.error(row, index) : 0
        return [row.values[index] - error, row.values[index] + error]
      }
    }
    let axis = Axis(covering: ends, scale: scale, from: left, to: right, ticks: 6, limits: limits)
    let height = Double(max(series.count, 1)) * pitch + Self.rowGap
    let top = 6.0
    let bottom = top + Double(rows.count) * height
    var parts = axis.horizontal(top: top, bottom: bottom, title: title)
    for (index, row) in rows.enumerated() {
      let y = top + Double(index) * height
      parts.append(
        tag("line", ["class": row.isSummary ? "axis" : "grid", "x1": 0.0, "x2": right, "y1": y, "y2": y]))
      parts.append(
        tag(
          "text", ["class": row.isSummary ? "row strong" : "row", "x": 2.0, "y": y + height / 2 + 4],
          text: TextFitting.shortened(row.name, to: 190)))
      for series in series.indices where series < row.values.count {
        parts += mark(row, series, y: y + Self.rowGap / 2 + (Double(series) + 0.5) * pitch, axis)
      }
    }
    return picture(width: width, height: bottom + 42, label: label, parts)
  }

  private func mark(_ row: Row, _ series: Int, y: Double, _ axis: Axis) -> [Markup] {
    let value = row.values[series]
    guard let x = axis.position(value) else { return [] }
    let error = Self.error(row, series)
    let tooltip = "\(row.name), \(self.series[series]): \(text(value))" + (error > 0 ? " ± \(text(error))" : "")
    var parts: [Markup] = []
    if error > 0, let low = axis.position(value - error), let high = axis.position(value + error) {
      parts.append(
        tag(
          "line",
          ["class": "error \(SeriesStyle.colorClass(series))", "x1": low, "x2": high, "y1": y, "y2": y]))
    }
    return parts + [SeriesStyle.mark(series, x: x, y: y, tooltip: tooltip)]
  }

  private static func error(_ row: Row, _ index: Int) -> Double {
    index < row.errors.count && row.errors[index].isFinite ? max(0, row.errors[index]) : 0
  }
}
