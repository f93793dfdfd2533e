/// What a merge method says of itself; everything that recipes, help and documentation know of it.
package struct MethodDeclaration: Sendable {
  /// A published setting under a name of its own.
  package struct Preset: Sendable {
    package let name: String
    /// The publication.
    package let source: String
    /// Differs from the defaults in these.
    package let values: [String: SettingValue]

    package init(_ name: String, source: String, _ values: [String: SettingValue]) {
      self.name = name
      self.source = source
      self.values = values
    }
  }

  /// Settings under the name that a comparison of methods gives them.
  package struct Variant: Sendable {
    package let name: String
    /// Differs from the defaults in these.
    package let values: [String: SettingValue]

    package init(_ name: String, _ values: [String: SettingValue] = [:]) {
      self.name = name
      self.values = values
    }
  }

  /// `merge_method` in recipes, files and messages.
  package let name: String
  /// One sentence: what it does.
  package let summary: String
  /// The publication, empty for what needs none.
  package let source: String
  /// The names of the statistics that models are weighed by under some settings, the first of them the main one; empty
  /// for none.
  package let statistics: @Sendable (MethodSettings) -> [String]
  /// Whether the recipe has to name the models' common base.
  package let needsBase: Bool
  /// Whether layers are merged on the examples' activations in the merged layers below, so that the examples are needed
  /// beside all statistics.
  package let isLayerwise: Bool
  package let weights: Coefficients.Policy
  /// The keys of `parameters`.
  package let settings: [SettingDeclaration]
  /// The keys of a model's own `parameters` beside `weight`. They may stand in the recipe's `parameters` too, for all
  /// models.
  package let modelSettings: [SettingDeclaration]
  /// Settings that no recipe names: those of programs that are reproduced.
  package let hidden: [SettingDeclaration]
  package let presets: [Preset]
  /// What `compare` tries.
  package let variants: [Variant]

  package init(
    name: String, summary: String, source: String = "",
    statistics: @escaping @Sendable (MethodSettings) -> [String] = { _ in [] }, needsBase: Bool = false,
    isLayerwise: Bool = false, weights: Coefficients.Policy = .shares, settings: [SettingDeclaration] = [],
    modelSettings: [SettingDeclaration] = [], hidden: [SettingDeclaration] = [], presets: [Preset] = [],
    variants: [Variant] = []
  ) {
    self.name = name
    self.summary = summary
    self.source = source
    self.statistics = statistics
    self.needsBase = needsBase
    self.isLayerwise = isLayerwise
    self.weights = weights
    self.settings = settings
    self.modelSettings = modelSettings
    self.hidden = hidden
    self.presets = presets
    self.variants = variants
  }

  /// The statistics under the default settings.
  package var usualStatistics: [String] { statistics(MethodSettings(self)) }

  /// The setting by which a method that needs a statistic would do without it, such as `embeddings: mean`; nil where there
  /// is none.
  package func setting(without statistic: String, from settings: MethodSettings) -> String? {
    for setting in self.settings {
      for (value, text) in setting.choices {
        let other = settings.changed(setting.key, to: value)
        if !statistics(other).contains(statistic) { return "\(setting.key): \(text)" }
      }
    }
    return nil
  }

  /// Whether models come with examples, or with statistics that were made of them.
  package var needsData: Bool { isLayerwise || !usualStatistics.isEmpty }

  /// Every key that a recipe's `parameters` may have for this method, presets included.
  package var keys: [String] {
    (settings + modelSettings).map(\.key) + (presets.isEmpty ? [] : ["preset"])
  }

  package func preset(_ name: String) -> Preset? { presets.first { $0.name == name } }
}
