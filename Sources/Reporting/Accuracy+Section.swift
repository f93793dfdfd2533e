extension Report.Accuracy {
  var section: Section? {
    guard !rows.isEmpty, !columns.isEmpty else { return nil }
    var content = [tag("div", ["class": "beside"], [scrolling(table), plot])]
    let errors = rows.indices.contains { row in
      columns.indices.contains { score(row, $0)?.standardError?.isFinite ?? false }
    }
    let isUndefined = rows.indices.contains { row in
      columns.indices.contains { score(row, $0).map { $0.defined == nil } ?? false }
    }
    let notes = [
      caption, "Scores times 100.", isUndefined ? "Undefined: all answers are the same; it counts as 0." : "",
      errors ? "± and bars: one standard error." : "",
      rows.count > 1 ? "The mean is over the tasks; a task with several metrics counts once." : "",
    ]
    content.append(note(notes.filter { !$0.isEmpty }.joined(separator: " ")))
    return Section(id: "accuracy", heading: "Accuracy", content: content)
  }

  private var table: Markup {
    let best = self.best
    func mark(_ column: Int) -> String { column == best ? "best" : "" }
    let heading =
      [tag("th", ["scope": "col"], text: "task"), tag("th", ["scope": "col"], text: "metric")]
      + columns.indices.map { tag("th", ["scope": "col", "class": mark($0)], text: columns[$0].name) }
    var body = rows.indices.map { row in
      tag(
        "tr", [:],
        [tag("th", ["scope": "row"], text: rows[row].task), tag("td", ["class": "metric"], text: rows[row].metric)]
          + columns.indices.map { tag("td", ["class": mark($0)], cell(score(row, $0))) })
    }
    if rows.count > 1 {
      body.append(
        tag(
          "tr", ["class": "mean"],
          [tag("th", ["scope": "row"], text: "mean"), tag("td")]
            + columns.indices.map { column in
              tag("td", ["class": mark(column)], text: mean(column).map(NumberText.percent) ?? NumberText.none)
            }))
    }
    return tag(
      "table", ["class": "scores"], [tag("thead", [:], [tag("tr", [:], heading)]), tag("tbody", [:], body)])
  }

  private func cell(_ score: Score?) -> [Markup] {
    guard let score else { return [.text(NumberText.none)] }
    guard let value = score.defined else { return [tag("small", text: "undefined")] }
    var parts: [Markup] = [.text(NumberText.percent(value))]
    if let error = score.standardError, error.isFinite {
      parts.append(tag("small", text: " ±\(NumberText.percent(error))"))
    }
    return parts
  }

  /// Whether the plot cannot stand beside the table and may as well use the space below.
  private var isWide: Bool { columns.count > 5 }

  private var plot: Markup {
    var dots = rows.indices.map { row in
      let repeated = rows.filter { $0.task == rows[row].task }.count > 1
      return DotPlot.Row(
        name: repeated ? "\(rows[row].task), \(rows[row].metric)" : rows[row].task,
        values: columns.indices.map { (score(row, $0)?.defined ?? .nan) * 100 },
        errors: columns.indices.map { (score(row, $0)?.standardError ?? .nan) * 100 })
    }
    if rows.count > 1 {
      dots.append(
        DotPlot.Row(name: "mean", values: columns.indices.map { (mean($0) ?? .nan) * 100 }, isSummary: true))
    }
    let names = columns.map(\.name)
    let drawing = DotPlot(
      rows: dots, series: names, title: "score × 100", limits: -100...100, width: isWide ? 680 : 410,
      text: { NumberText.fixed($0, digits: 1) }, label: "Scores by task: \(names.joined(separator: ", "))")
    return figure("", [SeriesStyle.legend(names), scrolling(drawing.svg)], class: isWide ? "wide" : "")
  }
}
