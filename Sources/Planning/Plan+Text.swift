import Merging
import Terminal

extension Plan {
  /// The settings in words, for the output, the manifest and the model cards.
  package var text: String {
    guard let method, let declaration else { return "" }
    let preset = method.preset.flatMap { declaration.preset($0) }
    let setting =
      preset.map { " (preset \($0.name), \($0.source), as published unless changed)" }
      ?? compatibility.map { ", \($0.description)" } ?? ""
    let heads =
      switch heads {
      case .keep: ""
      case .merge: ", heads merged"
      case .resolve: ", heads solved anew"
      }
    return ([settingsText(method, declaration)] + samplingText).joined(separator: ", ") + heads + setting
  }

  private func settingsText(_ method: MethodSettings, _ declaration: MethodDeclaration) -> String {
    var words = declaration.settings.compactMap { setting in
      method.value(setting.key).map { "\(setting.key) \(text(of: $0))" }
    }
    for setting in declaration.modelSettings {
      let values = models.indices.compactMap { method.value(setting.key, model: $0) }
      let texts = values.allSatisfy { $0 == values.first } ? Array(values.prefix(1)) : values
      words.append("\(setting.key) \(texts.map { text(of: $0) }.joined(separator: "/"))")
    }
    return words.isEmpty ? declaration.summary : words.joined(separator: ", ")
  }

  private func text(of value: SettingValue) -> String {
    switch value {
    case .number(let number): significant(number)
    case .flag(let flag): "\(flag)"
    case .word(let word): word
    case .model(let place): models.indices.contains(place) ? models[place].name : "model \(place)"
    }
  }

  /// How the examples were drawn, as far as it matters to what is estimated here.
  private var samplingText: [String] {
    guard models.contains(where: { $0.data != nil }), !statistics.isEmpty || heads == .resolve else { return [] }
    if statistics.contains(where: \.needsGradients) {
      return ["expectation \(sampling.expectation.name)", "seed \(sampling.seed)"]
    }
    return sampling.examples == nil ? [] : ["seed \(sampling.seed)"]
  }
}
