import Checkpoints

extension EncoderConfiguration {
  /// Reads the sizes from `config.json`, and refuses what the encoder does not compute.
  package init(_ settings: ModelConfiguration, family: Family, hasHead: Bool) throws {
    let keys = family.keys
    try keys.check(settings)
    func size(_ key: ConfigurationKeys.Size) throws -> Int {
      let value = try settings.integer(key.name, default: key.fallback)
      // Where there need not be any, an absent key means so.
      guard (min(1, key.fallback)...Self.largestSize).contains(value) else {
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
    let hidden = try size(keys.hidden)
    let layers = try size(keys.layers)
    self.init(
      modelType: family.modelType, layers: layers, hidden: hidden,
      embedding: try Self.embedding(settings, keys) ?? hidden, heads: try size(keys.heads),
      intermediate: try size(keys.intermediate), vocabulary: try size(keys.vocabulary),
      positions: try size(keys.positions), positionPadding: try Self.positionPadding(settings, keys),
      tokenTypes: try keys.tokenTypes.map(size) ?? 0, activation: try keys.activation(of: settings),
      layerNormEpsilon: try keys.layerNormEpsilon.name.map {
        try settings.double($0, default: keys.layerNormEpsilon.fallback)
      } ?? keys.layerNormEpsilon.fallback,
      outputs: hasHead ? try settings.labelCount() : 0, problem: problem)
    if let found = keys.variant { variant = try found.read(settings, self) }
    guard maximumTokens > 1 else {
      throw ModelError.impossibleSize(settings.path, key: keys.positions.name, value: positions)
    }
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

  /// The tables' width; nil where it is the layers'.
  private static func embedding(_ settings: ModelConfiguration, _ keys: ConfigurationKeys) throws -> Int? {
    guard let key = keys.embedding, key.fallback > 0 || settings[key.name] != nil else { return nil }
    return try settings.size(key.name, default: key.fallback)
  }

  /// An id of the vocabulary, or a key of which the model could not be computed.
  private static func positionPadding(_ settings: ModelConfiguration, _ keys: ConfigurationKeys) throws -> Int? {
    guard let key = keys.positionPadding else { return keys.fixedPositionPadding }
    let value = try settings.integer(key.name, default: key.fallback)
    guard (0..<largestSize).contains(value) else {
      throw ModelError.impossibleSize(settings.path, key: key.name, value: value)
    }
    return value
  }

  /// Far above any model's size, and far below where products of three sizes overflow.
  package static let largestSize = 1 << 20
  /// Above any model's number of layers.
  package static let largestDepth = 1 << 12
}
