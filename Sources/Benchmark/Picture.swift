extension Results {
  /// A bar for every row with a goal: how far it is on its way, with the goal as a line.
  var figure: String {
    let rows = rows.filter { $0.goal != nil }
    let (left, right, top, pitch) = (408.0, 700.0, 58.0, 26.0)
    let bottom = top + pitch * Double(rows.count)
    let most = 2.0
    func x(_ share: Double) -> Double { left + (right - left) * min(share, most) / most }
    var body = Self.text("How far each figure is on its way to its goal: longer is better", 8, 20)
    if case .text(let processor)? = self[Self.processorName]?.value, case .text(let core)? = self[Self.coreName]?.value
    {
      body += Self.text("\(processor), OpenBLAS for \(core)", 8, 40, kind: "soft")
    }
    for (index, row) in rows.enumerated() {
      let y = top + pitch * Double(index)
      let title = row.title.count > 62 ? row.title.prefix(61) + "…" : row.title[...]
      body += Self.text(String(title), left - 8, y + 17, anchor: "end")
      if let number = row.number, let goal = row.goal {
        let end = x(goal.share(of: number))
        let kind = goal.isMet(by: number) ? "met" : "unmet"
        body +=
          "<rect class=\"\(kind)\" x=\"\(Self.px(left))\" y=\"\(Self.px(y + 5))\" width=\"\(Self.px(end - left))\""
        body += " height=\"\(Self.px(pitch - 10))\"><title>\(Self.escape(row.title))</title></rect>\n"
        let unit = row.unit == "ratio" ? "" : " \(row.unit)"
        body += Self.text("\(Self.digits(number))\(unit)  (\(goal.text))", right + 10, y + 17)
      } else {
        body += Self.text("not measured", right + 10, y + 17, kind: "soft")
      }
    }
    let goal = Self.px(x(1))
    body += "<line class=\"goal\" x1=\"\(goal)\" x2=\"\(goal)\" y1=\"\(Self.px(top))\" y2=\"\(Self.px(bottom))\"/>\n"
    body += Self.text("goal", x(1), bottom + 18, anchor: "middle", kind: "soft")
    body += Self.text("measured (goal)", right + 10, bottom + 18, kind: "soft")
    let size = "width=\"860\" height=\"\(Self.px(bottom + 30))\" viewBox=\"0 0 860 \(Self.px(bottom + 30))\""
    return """
      <svg xmlns="http://www.w3.org/2000/svg" \(size) role="img" aria-label="measured figures and their goals">
      <style>\(Self.style)</style>
      <rect class="paper" width="100%" height="100%"/>
      \(body)</svg>

      """
  }

  /// The colours of Okabe and Ito (2008), as in the program's reports, for light and dark pages.
  private static let style = """
    svg { --paper: #ffffff; --ink: #1c232b; --soft: #57626e; --met: #0072b2; --unmet: #d55e00; }
    @media (prefers-color-scheme: dark) { svg { --paper: #14191f; --ink: #e3e8ed; --soft: #a2adb8; --met: #3b95d0;
      --unmet: #f0772a; } }
    text { font: 12px system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: var(--ink); }
    .soft { fill: var(--soft); } .paper { fill: var(--paper); }
    .met { fill: var(--met); } .unmet { fill: var(--unmet); }
    .goal { stroke: var(--ink); stroke-dasharray: 4 3; }
    """

  private static func text(
    _ content: String, _ x: Double, _ y: Double, anchor: String = "start", kind: String = "ink"
  ) -> String {
    "<text class=\"\(kind)\" x=\"\(px(x))\" y=\"\(px(y))\" text-anchor=\"\(anchor)\">\(escape(content))</text>\n"
  }

  private static func escape(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  private static func px(_ value: Double) -> String { digits((value * 10).rounded() / 10, 4) }
}
