extension Report {
  /// How the importances of the intermediate neurons are spread within each layer, for each task.
  package struct NeuronImportance: Sendable {
    package struct Task: Sendable {
      package var name: String
      /// Per layer the 0, 1, 5, 25, 50, 75, 95, 99 and 100 % quantiles.
      package var quantiles: [[Double]]

      package init(_ name: String, quantiles: [[Double]]) {
        self.name = name
        self.quantiles = quantiles
      }
    }

    package var tasks: [Task]
    package var caption: String

    package init(tasks: [Task], caption: String = "") {
      self.tasks = tasks
      self.caption = caption
    }
  }
}

extension Report.NeuronImportance {
  var section: Section? {
    let tasks = tasks.filter { task in task.quantiles.contains { $0.contains(where: \.isFinite) } }
    guard !tasks.isEmpty else { return nil }
    let layers = tasks.map(\.quantiles.count).max() ?? 0
    // The least important neuron can be ten orders below the others and would squeeze all else; the axis begins where
    // the layers' first percentiles do, and what is below is drawn at its edge.
    let values = tasks.flatMap { $0.quantiles.flatMap { $0.dropFirst() } }
    let axis = Axis(covering: values, scale: .logarithmic, from: Distribution.bottom, to: Distribution.top, ticks: 9)
    let side = Double(min(tasks.count, 4))
    let natural = Distribution.left + 6 + 30 * Double(max(layers, 2))
    let width = max(200, min(natural, 420, (1072 - 20 * (side - 1)) / side))
    let figures = tasks.enumerated().map { index, task in
      let drawing = Distribution(
        columns: task.quantiles, names: (0..<layers).map { "\($0)" }, xTitle: "layer", yTitle: "importance",
        axis: axis, width: width, series: index, label: "Neuron importance by layer for \(task.name)")
      return figure(task.name, [drawing.svg], class: "map")
    }
    let reading =
      "Widest strip: the middle half of a layer's neurons, with the median; then 5–95 % and 1–99 %; the line runs from "
      + "the least to the greatest. Logarithmic; what is below the axis is drawn at its edge."
    return Section(
      id: "neurons", heading: "Neuron importance by layer",
      content: [note([caption, reading].filter { !$0.isEmpty }.joined(separator: " "))]
        + [tag("div", ["class": "multiples"], figures)])
  }
}
