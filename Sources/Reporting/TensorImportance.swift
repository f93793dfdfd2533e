extension Report {
  /// The sums of a full Fisher or of Gram diagonals over families of tensors, per task.
  package struct TensorImportance: Sendable {
    package struct Family: Sendable {
      /// Such as "attention query" or "embeddings".
      package var name: String
      /// One per task.
      package var values: [Double]

      package init(_ name: String, _ values: [Double]) {
        self.name = name
        self.values = values
      }
    }

    package var tasks: [String]
    package var families: [Family]
    /// What the numbers are, such as "mean Fisher of an entry".
    package var quantity: String
    package var caption: String

    package init(tasks: [String], families: [Family], quantity: String, caption: String = "") {
      self.tasks = tasks
      self.families = families
      self.quantity = quantity
      self.caption = caption
    }
  }

  /// The linear systems that RegMean solved.
  package struct Solves: Sendable {
    package struct Solve: Sendable {
      package var tensor: String
      /// The estimate of the condition number; nil or not finite where there is none.
      package var condition: Double?
      /// What was added to the diagonal relative to its mean; nil or 0 for nothing.
      package var ridge: Double?

      package init(tensor: String, condition: Double?, ridge: Double? = nil) {
        self.tensor = tensor
        self.condition = condition
        self.ridge = ridge
      }
    }

    package var solves: [Solve]
    package var caption: String

    package init(_ solves: [Solve], caption: String = "") {
      self.solves = solves
      self.caption = caption
    }
  }
}

extension Report.TensorImportance {
  var section: Section? {
    let values = families.flatMap(\.values)
    guard !tasks.isEmpty, values.contains(where: \.isFinite) else { return nil }
    // Marks and not bars: families differ by orders of magnitude, and a bar's length means nothing on such an axis.
    let scale = Axis.scale(for: values)
    let plot = DotPlot(
      rows: families.map { .init(name: $0.name, values: $0.values.map { scale == .linear || $0 > 0 ? $0 : .nan }) },
      series: tasks, title: scale == .logarithmic ? "\(quantity) (logarithmic)" : quantity, scale: scale, width: 680,
      text: NumberText.compact, label: "\(quantity) by tensor family and task")
    let numbers = table(
      heading: ["tensors"] + tasks,
      rows: families.map { family in
        [family.name]
          + tasks.indices.map { $0 < family.values.count ? NumberText.compact(family.values[$0]) : NumberText.none }
      })
    return Section(
      id: "tensors", heading: "Importance by tensor",
      content: (caption.isEmpty ? [] : [note(caption)]) + [
        figure("", [SeriesStyle.legend(tasks), scrolling(plot.svg)]),
        tag("details", [:], [tag("summary", text: "The numbers"), numbers]),
      ])
  }
}

extension Report.Solves {
  /// How many of the worst are shown at once.
  static let shown = 10

  var section: Section? {
    guard !solves.isEmpty else { return nil }
    let sorted = solves.enumerated().sorted { first, second in
      let ridges = (Self.hasRidge(first.element), Self.hasRidge(second.element))
      if ridges.0 != ridges.1 { return ridges.0 }
      let (a, b) = (Self.badness(first.element), Self.badness(second.element))
      return a != b ? a > b : first.offset < second.offset
    }.map(\.element)
    let ridged = solves.filter(Self.hasRidge).count
    let summary =
      "\(solves.count) systems, by condition; "
      + (ridged == 0
        ? "none needed a ridge."
        : "\(ridged) needed a ridge (relative to the mean diagonal) and \(ridged == 1 ? "stands" : "stand") first.")
    var content = [
      note([caption, summary].filter { !$0.isEmpty }.joined(separator: " ")), rows(sorted.prefix(Self.shown)),
    ]
    if sorted.count > Self.shown {
      let rest = sorted.dropFirst(Self.shown)
      content.append(tag("details", [:], [tag("summary", text: "The other \(rest.count)"), rows(rest)]))
    }
    return Section(id: "solves", heading: "Linear systems", content: content)
  }

  private static func hasRidge(_ solve: Solve) -> Bool { (solve.ridge ?? 0) != 0 }

  /// An unknown condition is listed first: it is what the reader should look at.
  private static func badness(_ solve: Solve) -> Double {
    guard let condition = solve.condition, !condition.isNaN else { return .infinity }
    return condition
  }

  /// Conditions are compared by their powers of ten.
  private static func text(_ condition: Double) -> String {
    condition >= 1000 ? NumberText.scientific(condition) : NumberText.compact(condition)
  }

  private func rows(_ solves: ArraySlice<Solve>) -> Markup {
    table(
      heading: ["tensor", "condition", "ridge"],
      rows: solves.map { solve in
        [
          solve.tensor, solve.condition.map(Self.text) ?? NumberText.none,
          solve.ridge.map { $0 == 0 ? "none" : NumberText.compact($0) } ?? "none",
        ]
      }, class: "solves")
  }
}
