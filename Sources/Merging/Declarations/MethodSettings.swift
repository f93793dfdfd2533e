/// A merge method with all its settings: plain values, the same on all ranks. Defaults are filled in, so that equal
/// work is equal.
package struct MethodSettings: Hashable, Sendable, Codable {
  /// The method's name.
  package let method: String
  /// By key; a key without a value has no effect.
  package private(set) var values: [String: SettingValue]
  /// What single models have for themselves, in recipe order; empty where no model has anything.
  package private(set) var ofModels: [[String: SettingValue]]
  /// The published setting that was asked for by name, if any.
  package let preset: String?

  /// The defaults of a method, changed by a preset and then by what is given.
  package init(
    _ declaration: MethodDeclaration, preset: MethodDeclaration.Preset? = nil, _ given: [String: SettingValue] = [:],
    ofModels: [[String: SettingValue]] = []
  ) {
    method = declaration.name
    self.preset = preset?.name
    values = [:]
    for setting in declaration.settings + declaration.modelSettings + declaration.hidden {
      values[setting.key] = given[setting.key] ?? preset?.values[setting.key] ?? setting.standard
    }
    self.ofModels = ofModels.allSatisfy(\.isEmpty) ? [] : ofModels
  }

  /// A number that has a default.
  package func number(_ key: String) -> Double { number(key, model: nil) }

  /// A number of one model, or of all where the model has none of its own.
  package func number(_ key: String, model: Int?) -> Double {
    guard case .number(let value)? = value(key, model: model) else { fatalError("\(method) declares no number \(key)") }
    return value
  }

  package func flag(_ key: String) -> Bool {
    guard case .flag(let value)? = values[key] else { fatalError("\(method) declares no switch \(key)") }
    return value
  }

  /// A word as the case of an enumeration that it names.
  package func word<Value: RawRepresentable>(_ key: String, as type: Value.Type) -> Value
  where Value.RawValue == String {
    guard case .word(let text)? = values[key], let value = Value(rawValue: text) else {
      fatalError("\(method) declares no such word \(key)")
    }
    return value
  }

  /// The place of a model in the recipe; nil where none is named.
  package func model(_ key: String) -> Int? {
    guard case .model(let place)? = values[key] else { return nil }
    return place
  }

  package func value(_ key: String, model: Int? = nil) -> SettingValue? {
    model.flatMap { ofModels.indices.contains($0) ? ofModels[$0][key] : nil } ?? values[key]
  }

  /// These settings but for one.
  package func changed(_ key: String, to value: SettingValue) -> MethodSettings {
    var result = self
    result.values[key] = value
    return result
  }

  /// These settings for some of the models, by their places.
  package func of(models: [Int]) -> MethodSettings {
    var result = self
    if !ofModels.isEmpty { result.ofModels = models.map { ofModels[$0] } }
    return result
  }
}
