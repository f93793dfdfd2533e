/// How the marks of the n-th series look: a colour and a shape, so that no series is told by its colour alone.
enum SeriesStyle {
  /// The number of colours in the page's style sheet.
  static let colors = 7

  /// The class that sets the colour.
  static func colorClass(_ index: Int) -> String { "c\(index % colors)" }

  /// The class of a series that sums up the others: the colour of text.
  static let mainClass = "ink"

  /// A mark of about `size` pixels around (x, y). Seven colours and five shapes repeat after 35 series.
  static func mark(
    _ index: Int, x: Double, y: Double, size: Double = 9, color: String? = nil, tooltip: String? = nil
  ) -> Markup {
    let name = "mark \(color ?? colorClass(index))"
    let r = size / 2
    let title = tooltip.map { [tag("title", text: $0)] } ?? []
    func polygon(_ points: [(Double, Double)]) -> Markup {
      let text = points.map { "\((x + $0.0).attributeText),\((y + $0.1).attributeText)" }.joined(separator: " ")
      return tag("polygon", ["class": name, "points": text], title)
    }
    switch index % 5 {
    case 0: return tag("circle", ["class": name, "cx": x, "cy": y, "r": r], title)
    case 1:
      return tag(
        "rect",
        [
          "class": name, "x": x - r * 0.9, "y": y - r * 0.9, "width": r * 1.8, "height": r * 1.8,
        ], title)
    case 2: return polygon([(0, -r * 1.25), (r * 1.25, 0), (0, r * 1.25), (-r * 1.25, 0)])
    case 3: return polygon([(0, -r * 1.1), (r * 1.15, r * 0.9), (-r * 1.15, r * 0.9)])
    default: return polygon([(0, r * 1.1), (r * 1.15, -r * 0.9), (-r * 1.15, -r * 0.9)])
    }
  }

  /// The names of series beside their marks. HTML and not SVG, so that names of any length wrap.
  ///
  /// - Parameter main: the index of the series that sums up the others, if there is one.
  static func legend(_ names: [String], main: Int? = nil) -> Markup {
    tag(
      "ul", ["class": "legend"],
      names.enumerated().map { index, name in
        tag(
          "li", [:],
          [
            picture(
              width: 14, height: 14, label: "", [mark(index, x: 7, y: 7, color: index == main ? mainClass : nil)]),
            .text(" \(name)"),
          ])
      })
  }
}
