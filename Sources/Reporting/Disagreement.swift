extension Report {
  /// Where the tasks want different weights: a number from 0 (agreement) upwards, which the caller defines.
  package struct Disagreement: Sendable {
    /// A place in the model and its numbers.
    package struct Place: Sendable {
      /// The row, such as "3" for layer 3 or "embeddings".
      package var layer: String
      /// The column, such as "query".
      package var component: String
      /// One per member of ``Disagreement/groups``.
      package var values: [Double]

      package init(layer: String, component: String, values: [Double]) {
        self.layer = layer
        self.component = component
        self.values = values
      }
    }

    /// What the numbers are of: pairs of tasks, tasks, or one name for all tasks together. One map each.
    package var groups: [String]
    /// Rows and columns of the maps appear in the order in which they are first named.
    package var places: [Place]
    /// How the number is defined.
    package var caption: String

    package init(groups: [String], places: [Place], caption: String) {
      self.groups = groups
      self.places = places
      self.caption = caption
    }
  }
}

extension Report.Disagreement {
  var section: Section? {
    guard !groups.isEmpty, places.contains(where: { $0.values.contains(where: \.isFinite) }) else { return nil }
    let rows = unique(places.map(\.layer))
    let columns = unique(places.map(\.component))
    let colors = ValueColors(sequential: places.flatMap(\.values), scale: .linear)
    let rowPlace = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
    let columnPlace = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
    let large = places.contains { $0.values.contains { $0.isFinite && $0 >= 100 } }
    let text = { (value: Double) in large ? NumberText.compact(value) : NumberText.fixed(value, digits: 2) }
    let maps = groups.enumerated().map { index, group in
      var values = rows.map { _ in columns.map { _ in Double.nan } }
      for place in places where index < place.values.count {
        values[rowPlace[place.layer]!][columnPlace[place.component]!] = place.values[index]
      }
      let map = HeatMap(
        rows: rows, columns: columns, values: values, rowTitle: "layer", columnTitle: "", cell: (46, 24),
        colors: colors, text: text, label: "Disagreement by layer and component, \(group)")
      return figure(group, [scrolling(map.svg)], class: "map")
    }
    return Section(
      id: "disagreement", heading: "Where the tasks disagree",
      content: [
        note(caption),
        colors.key(caption: "disagreement"),
        tag("div", ["class": "multiples"], maps),
      ])
  }

  private func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}
