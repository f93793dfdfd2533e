import Estimation
import Merging

extension Recipe {
  /// The recipe's `parameters`: the settings of the method and how examples are drawn.
  struct Parameters {
    let settings: MethodSettings
    let sampling: Sampling
    let compatibility: Compatibility?

    /// The keys of every method with a statistic.
    private static let ofSampling = ["examples", "expectation", "draws", "seed", "max_length"]

    /// All keys that any method knows, so that one of another method is told from a misspelt one.
    private static func known(_ methods: [MethodDeclaration]) -> [String] {
      ofSampling + Set(methods.flatMap(\.keys)).sorted() + Compatibility.keys
    }

    /// The keys of ``ofSampling`` that have a meaning: none for statistics that were estimated before, and what squares
    /// no gradients needs no labels.
    private static func sampling(
      for method: MethodDeclaration, _ heads: HeadPolicy, _ models: [Model]
    ) -> [String] {
      guard method.needsData || heads == .resolve, models.contains(where: { $0.data != nil }) else { return [] }
      return StatisticKind.named(method.usualStatistics).contains(where: \.needsGradients)
        ? ofSampling : ofSampling.filter { $0 != "expectation" && $0 != "draws" }
    }

    init(
      _ top: RecipeNode, _ method: MethodDeclaration, among methods: [MethodDeclaration], heads: HeadPolicy,
      models: [Model]
    ) throws(RecipeError) {
      let all = Self.known(methods)
      let given = try top.value("parameters").map { node, _ throws(RecipeError) in
        try RecipeNode(node, path: top.path, name: "parameters", known: all)
      }
      let mode = try Compatibility.Mode(top, method: method.name, models: models)
      let applicable = mode?.parameters ?? Self.sampling(for: method, heads, models) + method.keys
      for key in all where given?.value(key) != nil && !applicable.contains(key) {
        throw .notApplicable(
          top.path, line: given?.line(of: key) ?? top.line, key: key, method: mode?.methodName ?? method.name)
      }
      let sampling = try given.map { node throws(RecipeError) in try Self.sampling(node) } ?? Sampling()
      if let mode {
        let compatibility = try Compatibility(mode, given)
        self.compatibility = compatibility
        settings = try compatibility.settings(of: method, given, models, top)
        self.sampling = compatibility.sampling(sampling)
      } else {
        compatibility = nil
        settings = try Self.settings(of: method, given, models)
        self.sampling = sampling
        let squares = StatisticKind.named(method.statistics(settings)).contains(where: \.needsGradients)
        for key in ["expectation", "draws"] where given?.value(key) != nil && !squares {
          throw .notApplicable(
            top.path, line: given?.line(of: key) ?? top.line, key: key, method: "\(method.name) without gradients")
        }
      }
    }

    /// The method's defaults or a preset, changed by the keys that are given.
    private static func settings(
      of method: MethodDeclaration, _ given: RecipeNode?, _ models: [Model]
    ) throws(RecipeError) -> MethodSettings {
      var values: [String: SettingValue] = [:]
      var preset: MethodDeclaration.Preset?
      if let given {
        values = try given.values(of: method.settings + method.modelSettings, models: models.map(\.name))
        preset = try given.choice("preset", among: method.presets, \.name)
      }
      return MethodSettings(method, preset: preset, values, ofModels: models.map(\.settings))
    }

    private static func sampling(_ parameters: RecipeNode) throws(RecipeError) -> Sampling {
      var sampling = Sampling()
      sampling.examples = try parameters.integer("examples", in: 1...Int.max)
      sampling.seed = UInt64(try parameters.integer("seed", in: 0...Int.max) ?? 0)
      sampling.maximumLength = try parameters.integer("max_length", in: 3...Int.max)
      let name = try parameters.choice("expectation", of: Expectation.Name.self) ?? .expected
      let draws = try parameters.integer("draws", in: 1...1000)
      if draws != nil, !name.hasDraws {
        throw .notApplicable(
          parameters.path, line: parameters.line(of: "draws"), key: "draws", method: "with expectation \(name.rawValue)"
        )
      }
      sampling.expectation = Expectation(name, draws: draws)
      return sampling
    }
  }
}

extension RecipeNode {
  /// The settings that are given, each as its declaration wants it.
  ///
  /// - Parameter models: the names of the recipe's models.
  func values(
    of settings: [SettingDeclaration], models: [String] = []
  ) throws(RecipeError) -> [String: SettingValue] {
    var values: [String: SettingValue] = [:]
    for setting in settings { values[setting.key] = try value(of: setting, models: models) }
    return values
  }

  private func value(of setting: SettingDeclaration, models: [String]) throws(RecipeError) -> SettingValue? {
    let key = setting.key
    switch setting.domain {
    case .number(let range, let text):
      return try number(key, in: range, text).map { .number($0) }
    case .integer(let range):
      return try integer(key, in: range).map { .number(Double($0)) }
    case .flag:
      return try flag(key).map { .flag($0) }
    case .word(let words):
      return try choice(key, among: words, \.value).map { .word($0.value) }
    case .model:
      guard let name = try string(key) else { return nil }
      guard let place = models.firstIndex(of: name) else {
        throw .unknownValue(path, line: line(of: key), key: key, value: name, known: models)
      }
      return .model(place)
    }
  }
}
