import Merging

/// What users read of merge methods, made from what the methods declare.
package struct MethodGuide {
  private let methods: [MethodDeclaration]

  package init(_ methods: [MethodDeclaration]) { self.methods = methods }

  /// The part of `docs/running.md` between its marks.
  package var markdown: String {
    var text = "| `merge_method` | what it does | statistic | source |\n|---|---|---|---|\n"
    for method in methods {
      let base = method.needsBase ? "; needs `base_model`" : ""
      let statistics = method.usualStatistics.map { "`\($0)`" }
      text += row([
        "`\(method.name)`", method.summary + base, statistics.isEmpty ? "–" : statistics.joined(separator: ", "),
        method.source.isEmpty ? "–" : method.source,
      ])
    }
    for group in groups where !group.settings.isEmpty || !group.modelSettings.isEmpty {
      let first = group.methods[0]
      text += "\n**`parameters` of \(group.methods.map { "`\($0.name)`" }.joined(separator: " and "))**\n\n"
      text += row(["key", "values", "default"] + first.presets.map { "`preset: \($0.name)`" })
      text += "|---|---|---|" + String(repeating: "---|", count: first.presets.count) + "\n"
      for setting in group.settings + group.modelSettings {
        let place =
          group.modelSettings.contains { $0.key == setting.key } ? "; may stand in a model's `parameters`" : ""
        text += row(
          ["`\(setting.key)`", values(of: setting) + place, standard(of: setting)]
            + first.presets.map { preset in preset.values[setting.key].map(text(of:)) ?? "as above" })
      }
      for preset in first.presets {
        text += "\n`preset: \(preset.name)` starts from the settings of \(preset.source); the other keys change them.\n"
      }
    }
    return text
  }

  /// For a terminal: all methods, or what one of them knows.
  package func text(of name: String?) -> String {
    let shown = name.map { name in methods.filter { $0.name == name.replacing("-", with: "_") } } ?? methods
    return shown.map { method in
      var lines = ["\(method.name): \(method.summary)"]
      if !method.source.isEmpty { lines.append("  source: \(method.source)") }
      if !method.usualStatistics.isEmpty {
        lines.append("  statistics: \(method.usualStatistics.joined(separator: ", "))")
      }
      if method.needsBase { lines.append("  needs base_model") }
      for setting in method.settings + method.modelSettings {
        lines.append("  \(setting.key): \(plain(values(of: setting))) [\(plain(standard(of: setting)))]")
      }
      for preset in method.presets { lines.append("  preset: \(preset.name) (\(preset.source))") }
      return lines.joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  /// Methods whose keys are the same, and the keys.
  private var groups:
    [(methods: [MethodDeclaration], settings: [SettingDeclaration], modelSettings: [SettingDeclaration])]
  {
    var groups: [[MethodDeclaration]] = []
    func signature(_ method: MethodDeclaration) -> [String] {
      method.keys + (method.settings + method.modelSettings).map { standard(of: $0) + values(of: $0) }
    }
    for method in methods {
      if let place = groups.firstIndex(where: { signature($0[0]) == signature(method) }) {
        groups[place].append(method)
      } else {
        groups.append([method])
      }
    }
    return groups.map { ($0, $0[0].settings, $0[0].modelSettings) }
  }

  private func values(of setting: SettingDeclaration) -> String {
    let values: String =
      switch setting.domain {
      case .number(_, let text): text
      case .integer(let range):
        "a whole number from \(range.lowerBound) to \(range.upperBound)"
      case .flag: "`true` or `false`"
      case .model: "the name of a model"
      case .word(let words): words.map { "`\($0.value)`: \($0.meaning)" }.joined(separator: "; ")
      }
    return setting.meaning.isEmpty ? values : "\(values); \(setting.meaning)"
  }

  private func standard(of setting: SettingDeclaration) -> String { setting.standard.map(text(of:)) ?? "none" }

  private func text(of value: SettingValue) -> String {
    switch value {
    case .number(let number): number == number.rounded() && abs(number) < 1e6 ? "`\(Int(number))`" : "`\(number)`"
    case .flag(let flag): "`\(flag)`"
    case .word(let word): "`\(word)`"
    case .model(let place): place == 0 ? "the first model" : "model \(place + 1)"
    }
  }

  private func plain(_ text: String) -> String { text.filter { $0 != "`" && $0 != "$" } }

  private func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
}
