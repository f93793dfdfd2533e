/// What a merge or a search has to show for itself, as one page of HTML that needs no network.
///
/// All content is plain values; nothing is measured or computed here but means, positions and colours. Each section
/// appears only where its value is given and has something to show. Values that are not finite are shown as missing.
package struct Report: Sendable {
  /// What was merged, such as "cola, sst2 and mrpc merged".
  package var title: String
  /// The method in words, such as "RegMean, off-diagonal scaling 0.9".
  package var method: String
  /// The options that were in force, in the order in which they are shown.
  package var settings: [Setting]
  /// When the run ended, in the caller's words; left out where empty.
  package var date: String
  package var keyFigures: KeyFigures
  package var accuracy: Accuracy?
  package var quality: Quality?
  package var headImportance: HeadImportance?
  package var mergeWeights: MergeWeights?
  package var neuronImportance: NeuronImportance?
  package var disagreement: Disagreement?
  package var tensorImportance: TensorImportance?
  package var solves: Solves?
  package var search: CoefficientSearch?
  package var resources: Resources?
  package var provenance: Provenance?

  package init(
    title: String, method: String, settings: [Setting] = [], date: String = "", keyFigures: KeyFigures = KeyFigures()
  ) {
    self.title = title
    self.method = method
    self.settings = settings
    self.date = date
    self.keyFigures = keyFigures
  }

  /// One option and its value, in words.
  package struct Setting: Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The numbers at the top of the page. The mean scores beside them come from ``Report/accuracy``.
  package struct KeyFigures: Sendable {
    package var models: Int?
    /// How many examples the statistics are from, over all models.
    package var examples: Int?
    /// The wall time of the whole run.
    package var seconds: Double?
    /// Further figures, shown last.
    package var others: [Setting]

    package init(models: Int? = nil, examples: Int? = nil, seconds: Double? = nil, others: [Setting] = []) {
      self.models = models
      self.examples = examples
      self.seconds = seconds
      self.others = others
    }
  }
}

/// A part of the page: a heading with an identity that links can name, and content.
struct Section {
  let id: String
  let heading: String
  let content: [Markup]

  var markup: Markup {
    tag("section", ["id": id], [tag("h2", text: heading)] + content)
  }
}

/// A figure with its caption above, since it says what the figure shows.
func figure(_ caption: String, _ content: [Markup], class name: String = "") -> Markup {
  let heading = caption.isEmpty ? [] : [tag("figcaption", text: caption)]
  return name.isEmpty ? tag("figure", [:], heading + content) : tag("figure", ["class": name], heading + content)
}

/// A paragraph that explains a figure.
func note(_ text: String) -> Markup { tag("p", ["class": "note"], text: text) }

/// A table of text: the first column is the rows' heading, the others are numbers.
func table(heading: [String], rows: [[String]], class name: String = "") -> Markup {
  let head = tag("tr", [:], heading.map { tag("th", ["scope": "col"], text: $0) })
  let body = rows.map { row in
    tag(
      "tr", [:],
      row.enumerated().map {
        $0.offset == 0 ? tag("th", ["scope": "row"], text: $0.element) : tag("td", text: $0.element)
      })
  }
  return scrolling(tag("table", ["class": name], [tag("thead", [:], [head]), tag("tbody", [:], body)]))
}

/// What is wider than a narrow window scrolls by itself, and the page does not.
func scrolling(_ content: Markup) -> Markup { tag("div", ["class": "scroll"], [content]) }
