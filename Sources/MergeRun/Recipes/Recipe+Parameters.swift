import Parameters
import Estimation
import Merging

extension Recipe {
  /// The recipe's `parameters`: the rule of the method and how examples are drawn.
  struct Parameters {
    let rule: MergeRule
    let preset: MergePreset?
    let sampling: Sampling
    let compatibility: Compatibility?

    /// The keys that every method with a statistic knows, and those of one method.
    private static let ofSampling = ["examples", "expectation", "draws", "seed", "max_length"]
    private static let ofRule: [Method: [String]] = [
      .linear: [], .fisher: ["preset", "floor", "normalize", "floor_order", "floor_only"],
      .maskFisher: ["preset", "rule", "normalize"],
      .regMean: ["off_diagonal", "weighting", "ridge", "bias", "pooler"],
      .regMeanPlusPlus: ["off_diagonal", "weighting", "ridge", "bias", "pooler"],
    ]

    /// The keys of ``ofSampling`` that have a meaning: none for statistics that were estimated before, and what is made
    /// without gradients needs no labels.
    private static func sampling(for method: Method, _ models: [Model]) -> [String] {
      guard method != .linear, models.contains(where: { $0.data != nil }) else { return [] }
      return method.statistic?.needsGradients == false
        ? ofSampling.filter { $0 != "expectation" && $0 != "draws" } : ofSampling
    }

    init(_ top: RecipeNode, method: Method, models: [Model]) throws(RecipeError) {
      let all = Self.ofSampling + Set(Self.ofRule.values.joined()).sorted() + Compatibility.keys
      let given = try top.value("parameters").map { node, _ throws(RecipeError) in
        try RecipeNode(node, path: top.path, name: "parameters", known: all)
      }
      let mode = try Compatibility.Mode(top, method: method, models: models)
      let applicable = mode?.parameters ?? Self.sampling(for: method, models) + (Self.ofRule[method] ?? [])
      for key in all where given?.value(key) != nil && !applicable.contains(key) {
        throw .notApplicable(
          top.path, line: given?.line(of: key) ?? top.line, key: key, method: mode?.methodName ?? method.rawValue)
      }
      compatibility = try mode.map { mode throws(RecipeError) in try Compatibility(mode, given) }
      guard let parameters = given else {
        rule = try compatibility?.rule(nil, models, top) ?? Self.standard(method)
        preset = nil
        sampling = compatibility?.sampling(Sampling()) ?? Sampling()
        return
      }
      if let compatibility {
        rule = try compatibility.rule(parameters, models, top)
        preset = nil
        sampling = compatibility.sampling(try Self.sampling(parameters))
        return
      }
      preset = try parameters.choice("preset", of: MergePreset.self)
      sampling = try Self.sampling(parameters)
      rule = try Self.rule(parameters, method: method, preset: preset, models: models)
    }

    private static func standard(_ method: Method) -> MergeRule {
      switch method {
      case .linear: .linear
      case .fisher: .fisher(.standard)
      case .maskFisher: .maskFisher(.standard)
      case .regMean, .regMeanPlusPlus: .regMean(.standard)
      }
    }

    /// The method's defaults or a preset, changed by the keys that are given.
    private static func rule(
      _ parameters: RecipeNode, method: Method, preset: MergePreset?, models: [Model]
    ) throws(RecipeError) -> MergeRule {
      switch (method, preset?.rule ?? standard(method)) {
      case (.linear, .linear): return .linear
      case (.fisher, .fisher(var rule)):
        if let floor = try parameters.number("floor") { rule.floor = floor }
        if let normalize = try parameters.choice("normalize", of: DiagonalFisherRule.Normalization.self) {
          rule.normalize = normalize
        }
        if let order = try parameters.choice("floor_order", of: DiagonalFisherRule.FloorOrder.self) {
          rule.floorOrder = order
        }
        if let name = try parameters.string("floor_only") {
          guard let index = models.firstIndex(where: { $0.name == name }) else {
            throw .unknownValue(
              parameters.path, line: parameters.line(of: "floor_only"), key: "floor_only", value: name,
              known: models.map(\.name))
          }
          rule.floorOnly = index
        }
        return .fisher(rule)
      case (.maskFisher, .maskFisher(var rule)):
        if let assignment = try parameters.choice("rule", of: MaskFisherRule.Assignment.self) { rule.rule = assignment }
        if let normalize = try parameters.choice("normalize", of: MaskFisherRule.Normalization.self) {
          rule.normalize = normalize
        }
        return .maskFisher(rule)
      case (.regMean, .regMean(var rule)), (.regMeanPlusPlus, .regMean(var rule)):
        if let offDiagonal = try offDiagonal(parameters) { rule.offDiagonal = offDiagonal }
        if let weighting = try parameters.choice("weighting", of: RegMeanRule.Weighting.self) {
          rule.weighting = weighting
        }
        if let ridge = try parameters.number("ridge") { rule.ridge = ridge }
        if let bias = try parameters.choice("bias", of: RegMeanRule.Bias.self) { rule.bias = bias }
        if let pooler = try parameters.choice("pooler", of: RegMeanRule.Pooler.self) { rule.pooler = pooler }
        return .regMean(rule)
      default:
        throw .notApplicable(
          parameters.path, line: parameters.line(of: "preset"), key: "preset: \(preset?.rawValue ?? "")",
          method: method.rawValue)
      }
    }

    /// α of RegMean.
    static func offDiagonal(_ parameters: RecipeNode) throws(RecipeError) -> Double? {
      guard let offDiagonal = try parameters.number("off_diagonal") else { return nil }
      guard offDiagonal <= 1 else {
        throw .outOfRange(
          parameters.path, line: parameters.line(of: "off_diagonal"), key: "off_diagonal", value: "\(offDiagonal)",
          allowed: "a number from 0 to 1")
      }
      return offDiagonal
    }

    private static func sampling(_ parameters: RecipeNode) throws(RecipeError) -> Sampling {
      var sampling = Sampling()
      sampling.examples = try parameters.integer("examples", in: 1...Int.max)
      sampling.seed = UInt64(try parameters.integer("seed", in: 0...Int.max) ?? 0)
      sampling.maximumLength = try parameters.integer("max_length", in: 3...Int.max)
      let name = try parameters.choice("expectation", of: Expectation.Name.self) ?? .expected
      let draws = try parameters.integer("draws", in: 1...1000)
      if draws != nil, name != .sampled {
        throw .notApplicable(
          parameters.path, line: parameters.line(of: "draws"), key: "draws", method: "with expectation \(name.rawValue)"
        )
      }
      sampling.expectation = Expectation(name, draws: draws ?? 1)
      return sampling
    }
  }
}
