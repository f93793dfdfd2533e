extension Report.CoefficientSearch {
  var section: Section? {
    guard !trials.isEmpty, !tasks.isEmpty else { return nil }
    var content = settings.isEmpty ? [] : [tag("h3", text: "The best settings"), bestSettings]
    // One trial is no search.
    if trials.count > 1 {
      content += tasks.count == 2 ? curves : sortedDots + [tag("h3", text: "The best coefficients"), bestTrials]
    }
    return Section(
      id: "search", heading: settings.isEmpty ? "Coefficient search" : "Search",
      content: (caption.isEmpty ? [] : [note(caption)]) + content)
  }

  private var chosen: Trial? { selected.flatMap { trials.indices.contains($0) ? trials[$0] : nil } }

  /// One line per task and one for the mean.
  private func series(_ trials: [Trial], x: (Int, Trial) -> Double) -> [LineChart.Series] {
    let lines = tasks.indices.map { task in
      LineChart.Series(
        name: tasks[task],
        points: trials.enumerated().map {
          (x($0, $1), task < $1.scores.count ? $1.scores[task] * 100 : .nan)
        })
    }
    let mean = trials.enumerated().map { (x: x($0, $1), y: ($1.mean ?? .nan) * 100) }
    return lines + [LineChart.Series(name: "mean", points: mean, isMain: true)]
  }

  /// Two models: scores against the share of the first.
  private var curves: [Markup] {
    let ordered = trials.filter { $0.shares.first?.isFinite ?? false }.sorted { $0.shares[0] < $1.shares[0] }
    var guides: [LineChart.Guide] = []
    if let chosen, let share = chosen.shares.first, share.isFinite {
      let score = chosen.mean.map { ", mean \(NumberText.percent($0))" } ?? ""
      guides.append(.init(x: share, name: "selected: \(NumberText.trimmed(share, digits: 3))\(score)", isMain: true))
    }
    let uniform = trials.first(where: \.isUniform)?.mean.map { ", mean \(NumberText.percent($0))" } ?? ""
    guides.append(.init(x: 0.5, name: "equal coefficients\(uniform)"))
    let lines = series(ordered) { _, trial in trial.shares[0] }
    let chart = LineChart(
      series: lines, guides: guides, xTitle: "λ of \(TextFitting.shortened(tasks[0], to: 300)), as a share of the sum",
      yTitle: "score × 100", xDomain: 0...1, limits: -100...100, label: "Scores against the coefficient of \(tasks[0])")
    return [figure("", [SeriesStyle.legend(lines.map(\.name), main: lines.count - 1), scrolling(chart.svg)])]
  }

  /// More models: the trials from the best to the worst.
  private var sortedDots: [Markup] {
    let ordered = ranking.map { trials[$0] }
    var guides: [LineChart.Guide] = []
    if let selected, let place = ranking.firstIndex(of: selected) {
      let score = trials[selected].mean.map { ", mean \(NumberText.percent($0))" } ?? ""
      guides.append(.init(x: Double(place + 1), name: "selected: trial \(selected + 1)\(score)", isMain: true))
    }
    if let place = ranking.firstIndex(where: { trials[$0].isUniform }) {
      let score = trials[ranking[place]].mean.map { ", mean \(NumberText.percent($0))" } ?? ""
      guides.append(.init(x: Double(place + 1), name: "equal coefficients\(score)"))
    }
    let lines = series(ordered) { place, _ in Double(place + 1) }
    let chart = LineChart(
      series: lines, guides: guides, xTitle: "trials, by mean score", yTitle: "score × 100",
      xDomain: 0...Double(max(trials.count, 1) + 1), limits: -100...100, connects: false,
      label: "Scores of the trials, sorted by their mean")
    return [figure("", [SeriesStyle.legend(lines.map(\.name), main: lines.count - 1), scrolling(chart.svg)])]
  }

  /// The indices of the trials by falling mean; those without a mean last, equal ones in the order of the trials.
  var ranking: [Int] {
    trials.indices.sorted { first, second in
      let (a, b) = (trials[first].mean ?? -.infinity, trials[second].mean ?? -.infinity)
      return a != b ? a > b : first < second
    }
  }

  /// The ten best settings, with equal coefficients.
  private var bestSettings: Markup {
    let ranking = settings.indices.sorted { (-(settings[$0].mean ?? -1), $0) < (-(settings[$1].mean ?? -1), $1) }
    let heading = (["settings"] + tasks + ["mean score"]).map { tag("th", ["scope": "col"], text: $0) }
    func cell(_ score: Double?) -> Markup {
      tag("td", text: score.flatMap { $0.isFinite ? NumberText.percent($0) : nil } ?? NumberText.none)
    }
    let body = ranking.prefix(10).map { index in
      tag(
        "tr", ["class": index == selectedSetting ? "best" : ""],
        [tag("th", ["scope": "row"], text: settings[index].name)]
          + tasks.indices.map { cell($0 < settings[index].scores.count ? settings[index].scores[$0] : nil) }
          + [cell(settings[index].mean)])
    }
    return scrolling(tag("table", [:], [tag("thead", [:], [tag("tr", [:], heading)]), tag("tbody", [:], body)]))
  }

  /// The ten best trials, each with its coefficients as a bar of shares.
  private var bestTrials: Markup {
    var shown = Array(ranking.prefix(10))
    if let selected, trials.indices.contains(selected), !shown.contains(selected) { shown.append(selected) }
    let heading =
      [
        tag("th", ["scope": "col"], text: "trial"),
        tag("th", ["scope": "col", "class": "metric"], text: "shares of λ"),
      ]
      + tasks.map { tag("th", ["scope": "col"], text: "λ \($0)") } + [tag("th", ["scope": "col"], text: "mean score")]
    let body = shown.map { index -> Markup in
      let trial = trials[index]
      let bar = StackedBar(
        parts: trial.shares.enumerated().map { place, share in
          .init(name: place < tasks.count ? tasks[place] : "", value: share, text: NumberText.fixed(share, digits: 3))
        }, width: 160, height: 14, label: "Shares of the coefficients of trial \(index + 1)")
      return tag(
        "tr", ["class": index == selected ? "best" : ""],
        [tag("th", ["scope": "row"], text: "\(index + 1)"), tag("td", [:], [bar.svg])]
          + tasks.indices.map { place in
            tag(
              "td",
              text: place < trial.shares.count ? NumberText.fixed(trial.shares[place], digits: 3) : NumberText.none)
          } + [tag("td", text: trial.mean.map(NumberText.percent) ?? NumberText.none)])
    }
    return scrolling(tag("table", [:], [tag("thead", [:], [tag("tr", [:], heading)]), tag("tbody", [:], body)]))
  }
}
