/// A grid of coloured cells with labelled rows and columns; each cell says its value when pointed at.
struct HeatMap {
  var rows: [String]
  var columns: [String]
  /// Row by row. A row may be short and a value not finite: such cells are drawn as empty.
  var values: [[Double]]
  var rowTitle: String
  var columnTitle: String
  var cell: (width: Double, height: Double)
  var colors: ValueColors
  /// The value as it is written into tooltips and large cells.
  var text: (Double) -> String
  /// What a screen reader says of the picture.
  var label: String

  private var leftMargin: Double {
    let labels = rows.map { TextFitting.width($0) }.max() ?? 0
    let slanted = slant ? slantedReach(columns.first.map { TextFitting.width($0) } ?? 0) - cell.width / 2 : 0
    return max(min(labels, 180) + 8, rowTitle.isEmpty ? 8 : 34, slanted)
  }

  /// Whether the column labels are too wide to stand level.
  private var slant: Bool {
    columns.contains { TextFitting.width($0) > cell.width - 4 } && columns.contains { Int($0) == nil }
  }

  private func slantedReach(_ width: Double) -> Double { min(width, 160) * 0.82 + 6 }

  var svg: Markup {
    let left = leftMargin
    let top = 22.0
    let bottom = top + Double(rows.count) * cell.height
    let right = left + Double(columns.count) * cell.width
    var parts: [Markup] = [tag("text", ["class": "title", "x": 0.0, "y": 12.0], text: rowTitle)]
    for row in rows.indices {
      let y = top + Double(row) * cell.height
      if row % labelStride(cell.height, extent: 13) == 0 {
        parts.append(
          tag(
            "text", ["class": "tick", "x": left - 6, "y": y + cell.height / 2 + 4, "text-anchor": "end"],
            text: TextFitting.shortened(rows[row], to: 180)))
      }
      for column in columns.indices {
        parts += cellMarkup(row, column, x: left + Double(column) * cell.width, y: y)
      }
    }
    let labels = columnLabels(left: left, bottom: bottom)
    parts += labels.parts
    parts.append(
      tag(
        "text", ["class": "title", "x": (left + right) / 2, "y": labels.bottom + 15, "text-anchor": "middle"],
        text: columnTitle))
    return picture(
      width: max(right + 4, 60), height: labels.bottom + (columnTitle.isEmpty ? 4 : 20), label: label, parts)
  }

  /// Every how many rows or columns of `pitch` pixels one has a label of `extent` pixels.
  private func labelStride(_ pitch: Double, extent: Double) -> Int {
    [1, 2, 4, 8, 16].first { pitch * Double($0) >= extent } ?? 32
  }

  private func cellMarkup(_ row: Int, _ column: Int, x: Double, y: Double) -> [Markup] {
    let value = row < values.count && column < values[row].count ? values[row][column] : .nan
    let color = colors.color(value)
    let place = [[rowTitle, rows[row]], [columnTitle, columns[column]]]
      .map { $0.filter { !$0.isEmpty }.joined(separator: " ") }.joined(separator: ", ")
    let words = value.isFinite ? text(value) : "no value"
    let tooltip = tag("title", text: "\(place): \(words)")
    // A pixel between cells, none where they are tiny.
    let gap = min(cell.width, cell.height) >= 10 ? 1.0 : 0
    let box: KeyValuePairs<String, any AttributeValue> = [
      "class": color == nil ? "missing" : "cell", "x": x + gap / 2, "y": y + gap / 2,
      "width": cell.width - gap, "height": cell.height - gap, "fill": color?.hex ?? "none",
    ]
    var parts = [tag("rect", box, [tooltip])]
    if let color, cell.height >= 20, TextFitting.width(words) <= cell.width - 4 {
      parts.append(
        tag(
          "text",
          [
            "class": "in", "x": x + cell.width / 2, "y": y + cell.height / 2 + 4, "text-anchor": "middle",
            "style": "fill: \(color.inkOnTop)",
          ], text: words))
    }
    return parts
  }

  private func columnLabels(left: Double, bottom: Double) -> (parts: [Markup], bottom: Double) {
    let widest = columns.map { TextFitting.width($0) }.max() ?? 0
    let stride = slant ? 1 : labelStride(cell.width, extent: widest + 3)
    let parts = columns.indices.filter { $0 % stride == 0 }.map { column -> Markup in
      let x = left + (Double(column) + 0.5) * cell.width
      guard slant else {
        return tag(
          "text", ["class": "tick", "x": x, "y": bottom + 15, "text-anchor": "middle"], text: columns[column])
      }
      return tag(
        "text",
        [
          "class": "tick", "text-anchor": "end",
          "transform": "translate(\((x + 4).attributeText) \((bottom + 14).attributeText)) rotate(-35)",
        ], text: TextFitting.shortened(columns[column], to: 160))
    }
    return (parts, bottom + (slant ? min(widest, 160) * 0.52 + 22 : 18))
  }
}
