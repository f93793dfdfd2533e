import Checkpoints

extension EncoderConfiguration {
  /// Reads the sizes from `config.json`, and refuses what the encoder does not compute.
  package init(_ settings: ModelConfiguration, family: Family, hasHead: Bool) throws {
    let keys = family.keys
    try keys.check(settings)
    func size(_ key: ConfigurationKeys.Size) throws -> Int {
      let value = try settings.integer(key.name, default: key.fallback)
      guard (1...Self.largestSize).contains(value) else {
        throw ModelError.impossibleSize(settings.path, key: key.name, value: value)
      }
      return value
    }
    let problem: Problem =
      switch hasHead ? try settings.problemKind() : .singleLabel {
      case .regression: .regression
      case .singleLabel: .singleLabel
      case .multiLabel: .multiLabel
      }
    self.init(
      modelType: family.modelType, layers: try size(keys.layers), hidden: try size(keys.hidden),
      heads: try size(keys.heads), intermediate: try size(keys.intermediate), vocabulary: try size(keys.vocabulary),
      positions: try size(keys.positions), tokenTypes: try size(keys.tokenTypes),
      layerNormEpsilon: try settings.double(
        keys.layerNormEpsilon.name, default: keys.layerNormEpsilon.fallback),
      outputs: hasHead ? try settings.labelCount() : 0, problem: problem)
    guard hidden.isMultiple(of: heads) else {
      throw ModelError.unevenHeads(
        settings.path, headsKey: keys.heads.name, heads: heads, hiddenKey: keys.hidden.name, hidden: hidden)
    }
    guard problem != .singleLabel || !hasHead || outputs > 1 else {
      throw ModelError.unsupported(
        settings.path, key: "num_labels", value: "1 for single_label_classification",
        supported: "2 or more classes, or problem_type regression")
    }
  }

  /// Far above any model's size, and far below where products of three sizes overflow.
  private static let largestSize = 1 << 20
}
