extension Report {
  /// What each method reaches, against what it costs.
  package struct Quality: Sendable {
    package struct Method: Sendable {
      package var name: String
      /// Of all processors together, from the data to the merged model.
      package var seconds: Double
      /// The mean score, as a fraction.
      package var score: Double
      /// Methods of one kind look alike.
      package var kind: Int

      package init(_ name: String, seconds: Double, score: Double, kind: Int) {
        self.name = name
        self.seconds = seconds
        self.score = score
        self.kind = kind
      }
    }

    package var methods: [Method]
    /// The mean score of the models alone, as a fraction.
    package var single: Double?
    package var caption: String

    package init(methods: [Method], single: Double?, caption: String = "") {
      self.methods = methods
      self.single = single
      self.caption = caption
    }
  }
}

extension Report.Quality {
  var section: Section? {
    guard let plot else { return nil }
    return Section(
      id: "quality", heading: "Quality against cost",
      content: (caption.isEmpty ? [] : [note(caption)]) + [figure("", [scrolling(plot.svg)])])
  }

  /// The picture as a file of its own; nil where there is nothing to show.
  package var svg: String? { plot.map { standalone($0.svg) } }

  private var plot: ScatterPlot? {
    let shown = methods.filter { $0.score.isFinite && $0.seconds > 0 && $0.seconds.isFinite }
    guard shown.count > 1 else { return nil }
    let best = shown.indices.max { shown[$0].score < shown[$1].score }
    return ScatterPlot(
      points: shown.enumerated().map {
        .init(
          name: $1.name, x: $1.seconds, y: 100 * $1.score, style: $1.kind, isMain: $0 == best)
      },
      levels: single.map { [.init(y: 100 * $0, name: "single models")] } ?? [],
      xTitle: "seconds of all processors, from the data to the merged model", yTitle: "mean score × 100",
      label: "Mean score of each method against the seconds that it takes", text: { NumberText.fixed($0, digits: 1) })
  }
}

/// A picture with the page's style in it, so that it can stand alone.
private func standalone(_ svg: Markup) -> String {
  guard case .element(let name, let attributes, let children) = svg else { return svg.serialized }
  let style = tag("style", text: Stylesheet.ofPictures)
  return Markup.element(name: name, attributes: attributes, children: [style] + children).serialized + "\n"
}
