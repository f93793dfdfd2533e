extension Report {
  /// The page: one self-contained file, well-formed as HTML and as XML.
  package var html: String {
    let sections = self.sections
    let head = tag(
      "head", [:],
      [
        tag("meta", ["charset": "utf-8"]),
        tag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
        tag("meta", ["name": "color-scheme", "content": "light dark"]),
        tag("title", text: title),
        tag("style", text: Stylesheet.text),
      ])
    let body = tag("body", [:], [tag("main", [:], [header(sections)] + sections.map(\.markup))])
    let page = tag("html", ["lang": "en", "xmlns": "http://www.w3.org/1999/xhtml"], [head, body])
    return "<!DOCTYPE html>\n" + page.serialized + "\n"
  }

  private var sections: [Section] {
    [
      accuracy?.section, quality?.section, search?.section, mergeWeights?.section, headImportance?.section,
      neuronImportance?.section,
      disagreement?.section, tensorImportance?.section, solves?.section, resources?.section, provenance?.section,
    ].compactMap { $0 }
  }

  private func header(_ sections: [Section]) -> Markup {
    var parts = [tag("h1", text: title)]
    let line = [method, date].filter { !$0.isEmpty }.joined(separator: " · ")
    if !line.isEmpty { parts.append(tag("p", ["class": "method"], text: line)) }
    let tiles = self.tiles
    if !tiles.isEmpty { parts.append(tag("div", ["class": "tiles"], tiles)) }
    if !settings.isEmpty {
      parts.append(
        tag(
          "dl", ["class": "settings"],
          settings.map { tag("div", [:], [tag("dt", text: $0.name), tag("dd", text: $0.value)]) }))
    }
    if sections.count > 2 {
      parts.append(tag("nav", [:], sections.map { tag("a", ["href": "#\($0.id)"], text: $0.heading) }))
    }
    return tag("header", ["id": "summary"], parts)
  }

  private var tiles: [Markup] {
    func tile(_ value: String, _ name: String, class kind: String = "tile") -> Markup {
      tag("div", ["class": kind], [tag("b", text: value), tag("span", text: name)])
    }
    var tiles: [Markup] = []
    for (index, mean) in (accuracy?.keyMeans ?? []).enumerated() {
      tiles.append(
        tile(NumberText.percent(mean.value), "mean score, \(mean.name)", class: index == 0 ? "tile main" : "tile"))
    }
    if let models = keyFigures.models { tiles.append(tile("\(models)", models == 1 ? "model" : "models")) }
    if let examples = keyFigures.examples { tiles.append(tile(NumberText.grouped(examples), "examples")) }
    if let seconds = keyFigures.seconds { tiles.append(tile(NumberText.seconds(seconds), "wall time")) }
    return tiles + keyFigures.others.map { tile($0.value, $0.name) }
  }
}
