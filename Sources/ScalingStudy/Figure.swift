import Foundation

/// A drawing that stands alone as a file: it brings its colours, for light and dark pages.
struct Figure {
  private(set) var width = 720.0
  private(set) var height: Double
  private var body = ""

  /// The series' colours are those of Okabe and Ito (2008), as in the program's reports.
  private static let style = """
    svg { --paper: #ffffff; --ink: #1c232b; --soft: #57626e; --grid: #e5e9ed; --s0: #0072b2; --s1: #d55e00;
      --s2: #009e73; --s3: #cc79a7; --s4: #e69f00; --s5: #56b4e9; --s6: #6b7580; }
    @media (prefers-color-scheme: dark) { svg { --paper: #14191f; --ink: #e3e8ed; --soft: #a2adb8; --grid: #2a323b;
      --s0: #3b95d0; --s1: #f0772a; --s2: #1fb88c; --s3: #d98fba; --s4: #eab03a; --s5: #8accf2; --s6: #9aa5b1; } }
    text { font: 12px system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: var(--ink); }
    .soft { fill: var(--soft); } .paper { fill: var(--paper); } .grid { stroke: var(--grid); }
    .goal { stroke: var(--soft); stroke-dasharray: 4 3; } polyline { fill: none; stroke-width: 1.75; }
    """

  init(width: Double = 720, height: Double) { (self.width, self.height) = (width, height) }

  static func escape(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  mutating func text(_ content: String, _ x: Double, _ y: Double, anchor: String = "start", isSoft: Bool = false) {
    body += "<text\(isSoft ? " class=\"soft\"" : "") x=\"\(px(x))\" y=\"\(px(y))\" text-anchor=\"\(anchor)\">"
    body += Self.escape(content) + "</text>\n"
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, kind: String = "grid") {
    body += "<line class=\"\(kind)\" x1=\"\(px(x1))\" y1=\"\(px(y1))\" x2=\"\(px(x2))\" y2=\"\(px(y2))\"/>\n"
  }

  mutating func bar(_ x: Double, _ y: Double, _ width: Double, _ height: Double, color: Int, tip: String) {
    body += "<rect x=\"\(px(x))\" y=\"\(px(y))\" width=\"\(px(width))\" height=\"\(px(height))\""
    body += " fill=\"var(--s\(color % 7))\"><title>\(Self.escape(tip))</title></rect>\n"
  }

  /// A curve with marks; dashes tell curves apart where colours do not.
  mutating func curve(_ points: [(x: Double, y: Double)], color: Int, isDashed: Bool, marks: Bool = true) {
    let list = points.map { "\(px($0.x)),\(px($0.y))" }.joined(separator: " ")
    let dashes = isDashed ? " stroke-dasharray=\"6 4\"" : ""
    body += "<polyline points=\"\(list)\" stroke=\"var(--s\(color % 7))\"\(dashes)/>\n"
    guard marks else { return }
    for point in points {
      body += "<circle cx=\"\(px(point.x))\" cy=\"\(px(point.y))\" r=\"3\" fill=\"var(--s\(color % 7))\"/>\n"
    }
  }

  private func px(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }

  func svg(label: String) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="\(px(width))" height="\(px(height))" \
    viewBox="0 0 \(px(width)) \(px(height))" role="img" aria-label="\(Self.escape(label))">
    <style>\(Self.style)</style>
    <rect class="paper" width="100%" height="100%"/>
    \(body)</svg>

    """
  }
}

/// Curves over an axis of powers, with names at the right.
struct CurveChart {
  struct Curve {
    let name: String
    let points: [(x: Double, y: Double)]
    let color: Int
    var isDashed = false
    var marks = true
  }

  let title: String
  let xTitle: String
  let yTitle: String
  let curves: [Curve]
  /// The labelled values of the logarithmic horizontal axis, from its one end to the other.
  let xTicks: [(value: Double, text: String)]
  let yTicks: [(value: Double, text: String)]
  /// A value to be reached.
  var goal: Double?

  var figure: Figure {
    var figure = Figure(height: 392)
    let (left, right, top, bottom) = (52.0, 500.0, 56.0, 344.0)
    let (first, last) = (xTicks[0].value, xTicks[xTicks.count - 1].value)
    let (low, high) = (yTicks[0].value, yTicks[yTicks.count - 1].value)
    func x(_ value: Double) -> Double { left + (right - left) * log(value / first) / log(last / first) }
    func y(_ value: Double) -> Double { bottom - (bottom - top) * (min(max(value, low), high) - low) / (high - low) }
    figure.text(title, 8, 20)
    figure.text(yTitle, 8, 42, isSoft: true)
    for tick in yTicks {
      figure.line(left, y(tick.value), right, y(tick.value))
      figure.text(tick.text, left - 8, y(tick.value) + 4, anchor: "end", isSoft: true)
    }
    for tick in xTicks {
      figure.line(x(tick.value), top, x(tick.value), bottom)
      figure.text(tick.text, x(tick.value), bottom + 18, anchor: "middle", isSoft: true)
    }
    figure.text(xTitle, (left + right) / 2, bottom + 38, anchor: "middle", isSoft: true)
    if let goal { figure.line(left, y(goal), right, y(goal), kind: "goal") }
    for (index, curve) in curves.enumerated() {
      figure.curve(
        curve.points.map { (x($0.x), y($0.y)) }, color: curve.color, isDashed: curve.isDashed, marks: curve.marks)
      let level = top + 8 + Double(index) * 20
      figure.curve(
        [(right + 18, level), (right + 44, level)], color: curve.color, isDashed: curve.isDashed, marks: curve.marks)
      figure.text(curve.name, right + 52, level + 4)
    }
    return figure
  }
}

/// Bars that are made of parts, one below the other.
struct PartsChart {
  let title: String
  let xTitle: String
  let parts: [String]
  let rows: [(name: String, values: [Double])]

  var figure: Figure {
    let pitch = 34.0
    let legend = Double((parts.count + 3) / 4) * 20
    let (left, right, top) = (196.0, 700.0, 44.0 + legend)
    let bottom = top + pitch * Double(rows.count)
    var figure = Figure(height: bottom + 50)
    let most = rows.map { $0.values.reduce(0, +) }.max() ?? 1
    let step = [1.0, 2, 5, 10, 20, 50, 100, 200, 500].first { most / $0 <= 8 } ?? 1000
    let end = (most / step).rounded(.up) * step
    func x(_ value: Double) -> Double { left + (right - left) * value / end }
    figure.text(title, 8, 20)
    for (index, part) in parts.enumerated() {
      let (column, row) = (Double(index % 4), Double(index / 4))
      figure.bar(8 + column * 178, 34 + row * 20, 12, 12, color: index, tip: part)
      figure.text(part, 26 + column * 178, 44 + row * 20)
    }
    for tick in stride(from: 0, through: end, by: step) {
      figure.line(x(tick), top, x(tick), bottom)
      figure.text("\(Int(tick))", x(tick), bottom + 18, anchor: "middle", isSoft: true)
    }
    figure.text(xTitle, (left + right) / 2, bottom + 38, anchor: "middle", isSoft: true)
    for (index, row) in rows.enumerated() {
      let y = top + pitch * Double(index)
      figure.text(row.name, left - 8, y + pitch / 2 + 4, anchor: "end")
      var start = 0.0
      for (part, value) in row.values.enumerated() {
        let tip = "\(row.name), \(parts[part]): \((value * 10).rounded() / 10) s"
        figure.bar(x(start), y + 6, x(start + value) - x(start), pitch - 12, color: part, tip: tip)
        start += value
      }
    }
    return figure
  }
}
