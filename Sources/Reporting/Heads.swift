extension Report {
  /// One value per attention head: layer by layer, layers and heads counted from 0 as in tensor names.
  package struct HeadGrid: Sendable {
    /// The task, or the model.
    package var name: String
    /// `[layers][heads]`.
    package var values: [[Double]]

    package init(_ name: String, _ values: [[Double]]) {
      self.name = name
      self.values = values
    }
  }

  /// How much each task's loss depends on each head: the mask Fisher, on one colour scale for all tasks.
  package struct HeadImportance: Sendable {
    package var tasks: [HeadGrid]
    /// What the numbers are, in the caller's words.
    package var caption: String

    package init(tasks: [HeadGrid], caption: String = "") {
      self.tasks = tasks
      self.caption = caption
    }
  }

  /// Whose weights a merged head is made of: for each head, shares of the tasks that add up to 1.
  package struct MergeWeights: Sendable {
    package var tasks: [HeadGrid]
    package var caption: String

    package init(tasks: [HeadGrid], caption: String = "") {
      self.tasks = tasks
      self.caption = caption
    }
  }
}

extension Report.HeadGrid {
  var isEmpty: Bool { values.allSatisfy(\.isEmpty) }
}

extension Report.HeadImportance {
  var section: Section? {
    let grids = tasks.filter { !$0.isEmpty }
    guard !grids.isEmpty else { return nil }
    let values = grids.flatMap { $0.values.flatMap { $0 } }
    let colors = ValueColors(sequential: values)
    let scale = colors.axis.scale == .logarithmic ? "importance (logarithmic)" : "importance"
    let maps = headMaps(grids, colors: colors, quantity: "Head importance", text: NumberText.compact)
    return Section(
      id: "heads", heading: "Head importance",
      content: (caption.isEmpty ? [] : [note(caption)]) + [colors.key(caption: scale), maps])
  }
}

extension Report.MergeWeights {
  /// One map per task, and the middle colour for an equal share. Stacked bars would show that shares add up to one,
  /// which the reader knows; they would need a bar per head (384 of them in a large model) and give only the first task
  /// a common baseline. With colours that part at 1/K, each map says at a glance which heads come from its task more
  /// than a uniform average would take, and it can be held against the map of importance, which has the same shape.
  var section: Section? {
    let grids = tasks.filter { !$0.isEmpty }
    guard !grids.isEmpty else { return nil }
    let colors = ValueColors(sharesOf: grids.count)
    let maps = headMaps(
      grids, colors: colors, quantity: "Share in the merged heads", text: { NumberText.fixed($0, digits: 3) })
    return Section(
      id: "weights", heading: "Merge weights by head",
      content: (caption.isEmpty ? [] : [note(caption)])
        + [colors.key(caption: "share of the task (white: equal shares)"), maps])
  }
}

/// Small multiples, one per task, of layers × heads.
private func headMaps(
  _ grids: [Report.HeadGrid], colors: ValueColors, quantity: String, text: @escaping (Double) -> String
) -> Markup {
  let layers = grids.map(\.values.count).max() ?? 0
  let heads = grids.flatMap { $0.values.map(\.count) }.max() ?? 0
  let size = headCell(layers: layers, heads: heads, maps: grids.count)
  return tag(
    "div", ["class": "multiples"],
    grids.map { grid in
      let map = HeatMap(
        rows: (0..<layers).map { "\($0)" }, columns: (0..<heads).map { "\($0)" }, values: grid.values,
        rowTitle: "layer", columnTitle: "head", cell: (size, size), colors: colors, text: text,
        label: "\(quantity) by layer and head for \(grid.name)")
      return figure(grid.name, [map.svg], class: "map")
    })
}

/// The side of a cell in pixels: so that up to four maps stand side by side in a wide window, and a map fits a screen.
func headCell(layers: Int, heads: Int, maps: Int) -> Double {
  let side = Double(min(max(maps, 1), 4))
  let width = (1072 - 20 * (side - 1)) / side - 42
  return max(13, min(58, (width / Double(max(heads, 1))).rounded(.down), (460 / Double(max(layers, 1))).rounded(.down)))
}
