extension Report {
  /// What the run cost.
  package struct Resources: Sendable {
    package struct Phase: Sendable {
      package var name: String
      package var seconds: Double

      package init(_ name: String, seconds: Double) {
        self.name = name
        self.seconds = seconds
      }
    }

    package struct Rank: Sendable {
      package var host: String
      /// The peak of the resident memory.
      package var peakBytes: Int

      package init(host: String, peakBytes: Int) {
        self.host = host
        self.peakBytes = peakBytes
      }
    }

    /// In the order in which they ran, on the rank that took longest or on rank 0.
    package var phases: [Phase]
    /// By rank number.
    package var ranks: [Rank]
    package var caption: String

    package init(phases: [Phase] = [], ranks: [Rank] = [], caption: String = "") {
      self.phases = phases
      self.ranks = ranks
      self.caption = caption
    }
  }
}

extension Report.Resources {
  /// How many ranks have a bar of their own.
  static let shownRanks = 24

  var section: Section? {
    guard !phases.isEmpty || !ranks.isEmpty else { return nil }
    var content: [Markup] = caption.isEmpty ? [] : [note(caption)]
    if !phases.isEmpty { content.append(time) }
    if !ranks.isEmpty { content.append(memory) }
    return Section(id: "resources", heading: "Time and memory", content: content)
  }

  private var time: Markup {
    let valid = phases.filter { $0.seconds.isFinite && $0.seconds >= 0 }.map(\.seconds)
    let total = valid.reduce(0, +)
    let names = phases.map { phase in
      let share =
        total > 0 && phase.seconds.isFinite ? " (\(NumberText.fixed(phase.seconds / total * 100, digits: 0)) %)" : ""
      return "\(phase.name): \(NumberText.seconds(phase.seconds))\(share)"
    }
    let bar = StackedBar(
      parts: phases.map { .init(name: $0.name, value: $0.seconds, text: NumberText.seconds($0.seconds)) },
      label: "Seconds by phase: \(names.joined(separator: ", "))")
    return figure(
      "Wall time by phase, \(NumberText.seconds(total)) in all", [scrolling(bar.svg), SeriesStyle.legend(names)])
  }

  private var memory: Markup {
    // Where there are too many for a picture, those that need the most say what the machine must have.
    let order = ranks.indices.sorted { a, b in
      ranks[a].peakBytes != ranks[b].peakBytes ? ranks[a].peakBytes > ranks[b].peakBytes : a < b
    }
    let shown = order.prefix(Self.shownRanks).sorted()
    let hosts = Set(ranks.map(\.host)).count
    let unit: (name: String, bytes: Double) =
      ranks.contains { $0.peakBytes >= 1 << 30 } ? ("GiB", Double(1 << 30)) : ("MiB", Double(1 << 20))
    let bars = Bars(
      bars: shown.map { rank in
        let value = Double(ranks[rank].peakBytes) / unit.bytes
        return .init(
          name: "rank \(rank), \(ranks[rank].host)", value: value, text: "\(NumberText.compact(value)) \(unit.name)")
      }, title: unit.name, label: "Peak resident memory by rank")
    let words =
      "Peak resident memory, \(ranks.count) \(ranks.count == 1 ? "rank" : "ranks") on \(hosts) "
      + "\(hosts == 1 ? "host" : "hosts")"
      + (shown.count < ranks.count ? "; the \(shown.count) that needed the most" : "")
    return figure(words, [scrolling(bars.svg)])
  }
}
