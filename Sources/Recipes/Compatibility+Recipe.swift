import Merging

extension Compatibility.Mode {
  /// The mode that a recipe asks for, after what has no meaning for it was refused outside of `parameters`.
  init?(_ top: RecipeNode, method: String, models: [Recipe.Model]) throws(RecipeError) {
    guard let mode = try top.choice("compatibility", of: Self.self) else { return nil }
    guard method == mode.method else {
      throw .notApplicable(
        top.path, line: top.line(of: "compatibility"), key: "compatibility: \(mode.rawValue)", method: method)
    }
    if try top.choice("heads", of: HeadPolicy.self) ?? .keep != .keep {
      throw .notApplicable(top.path, line: top.line(of: "heads"), key: "heads", method: mode.methodName)
    }
    for model in models where model.statistics != nil {
      throw .notApplicable(top.path, line: model.line, key: "statistics", method: mode.methodName)
    }
    if mode == .fisherNodes, let model = models.first(where: { $0.weight != 1 }) {
      throw .outOfRange(
        top.path, line: model.line, key: "weight", value: "\(model.weight)",
        allowed: "1, as the program that \(mode.rawValue) reproduces has no coefficients")
    }
    self = mode
  }

  /// For messages about keys that have no meaning.
  var methodName: String { "\(method) with compatibility \(rawValue)" }
}

extension Compatibility {
  /// The keys of `parameters` that only modes know.
  static let keys = ["batch_size", "sequence_length"]

  /// What the tokens of an example are limited by.
  package var lengthKey: String { mode == .matenaRaffel ? "sequence_length" : "max_length" }

  init(_ mode: Mode, _ parameters: RecipeNode?) throws(RecipeError) {
    let size = try parameters?.integer("batch_size", in: 1...Int.max)
    let length = try parameters?.integer("sequence_length", in: 3...Int.max)
    // The program's generator takes no larger seed.
    if mode == .fisherNodes { _ = try parameters?.integer("seed", in: 0...Int(UInt32.max)) }
    self =
      switch mode {
      case .fisherNodes: .fisherNodes(batchSize: size ?? 32)
      case .matenaRaffel: .matenaRaffel(sequenceLength: length ?? 128)
      case .dataless: .dataless(batchSize: size ?? 16)
      }
  }

  /// The program's sampling, with the keys that are given.
  func sampling(_ given: Sampling) -> Sampling {
    var sampling = given
    sampling.examples = given.examples ?? mode.examples
    switch self {
    case .fisherNodes: sampling.expectation = .empirical
    case .matenaRaffel(let length): sampling.maximumLength = length
    case .dataless: break
    }
    return sampling
  }

  /// The program's settings of its method, with the keys that are given.
  func settings(
    of method: MethodDeclaration, _ given: RecipeNode?, _ models: [Recipe.Model], _ top: RecipeNode
  ) throws(RecipeError) -> MethodSettings {
    var values: [String: SettingValue]
    switch self {
    case .fisherNodes:
      values = method.preset("fisher-nodes")?.values ?? [:]
      values["zeros"] = .word("become-one")
    case .matenaRaffel:
      values = try Self.matenaRaffelValues(method.preset("matena-raffel")?.values ?? [:], given)
      if values["floor_only"] != nil, let first = models.first, first.weight == 0 {
        throw .outOfRange(
          top.path, line: first.line, key: "weight", value: "0",
          allowed: "a number above 0 for the first model, which alone has the floor")
      }
    case .dataless:
      values = ["off_diagonal": .number(1), "ridge": .number(0), "embeddings": .word("mean")]
      let offDiagonal = method.settings.filter { $0.key == "off_diagonal" }
      if let given { values.merge(try given.values(of: offDiagonal)) { $1 } }
    }
    return MethodSettings(method, values)
  }

  /// The program's switches: the floor, for the first model alone or for all, and the norm, global or none.
  private static func matenaRaffelValues(
    _ published: [String: SettingValue], _ given: RecipeNode?
  ) throws(RecipeError) -> [String: SettingValue] {
    var values = published
    guard let given else { return values }
    if try given.choice("normalize", of: Normalization.self) == Normalization.none {
      values["normalize"] = .word("none")
    }
    if try given.choice("floor_only", of: FloorOnly.self) != nil { values["floor_only"] = nil }
    let floor = SettingDeclaration(
      "floor",
      .number(
        Double.leastNonzeroMagnitude...Double.greatestFiniteMagnitude,
        text: "a number above 0, as the program divides 0 by 0 without a floor"), nil)
    values.merge(try given.values(of: [floor])) { $1 }
    return values
  }

  private enum Normalization: String, CaseIterable { case none, global }
  private enum FloorOnly: String, CaseIterable { case all }
}
