import Merging
import ModelMerging

/// The values of a method's settings that a search tries: every combination of what the keys are given.
package struct SearchedParameters {
  /// A key with its values, as they were written on the command line.
  package struct Key: Sendable, Hashable {
    package let name: String
    package let values: [String]

    /// Takes `KEY=VALUE,VALUE,…`; nil for anything else.
    package init?(_ text: String) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else { return nil }
      values = parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard values.allSatisfy({ !$0.isEmpty }), Set(values).count == values.count else { return nil }
      // As recipes spell keys.
      name = String(parts[0].replacing("-", with: "_"))
    }
  }

  /// One choice for every key.
  struct Combination {
    /// As they were written, by key.
    let values: [(key: String, text: String)]
    let settings: MethodSettings

    var text: String { values.map { "\($0.key) \($0.text)" }.joined(separator: ", ") }
  }

  /// The last key changes first.
  let combinations: [Combination]

  /// What is wanted, as a search's record has it.
  static func text(_ keys: [Key]) -> String {
    keys.map { "\($0.name)=\($0.values.joined(separator: ","))" }.joined(separator: " ")
  }

  /// Checks keys and values against what a method declares. **Not collective.**
  ///
  /// - Parameter models: how many are merged.
  init(_ keys: [Key], of method: MethodDeclaration, _ settings: MethodSettings, models: Int) throws {
    let declarations = (method.settings + method.modelSettings).filter(\.isScalar)
    var combinations = [Combination(values: [], settings: settings)]
    for (place, key) in keys.enumerated() {
      guard !keys[..<place].contains(where: { $0.name == key.name }) else {
        throw SearchedParameterError.repeated(key: key.name)
      }
      guard let declaration = declarations.first(where: { $0.key == key.name }) else {
        throw SearchedParameterError.unknown(key: key.name, method: method.name, known: declarations.map(\.key))
      }
      guard !settings.ofModels.contains(where: { $0[key.name] != nil }) else {
        throw SearchedParameterError.ofModel(key: key.name)
      }
      let values = try key.values.map { text in
        guard let value = declaration.value(text) else {
          throw SearchedParameterError.wrongValue(key: key.name, value: text, allowed: declaration.allowed)
        }
        return (text, value)
      }
      combinations = combinations.flatMap { combination in
        values.map { text, value in
          Combination(
            values: combination.values + [(key.name, text)], settings: combination.settings.changed(key.name, to: value)
          )
        }
      }
      for other in combinations where method.statistics(other.settings) != method.statistics(settings) {
        throw SearchedParameterError.needsStatistics(key: key.name, setting: other.text)
      }
    }
    for combination in combinations { _ = try MergeMethods.make(combination.settings, models: models) }
    self.combinations = combinations
  }
}
