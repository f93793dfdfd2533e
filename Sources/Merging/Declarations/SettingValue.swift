/// The value of one setting of a merge method.
package enum SettingValue: Hashable, Sendable, Codable {
  case number(Double)
  case flag(Bool)
  /// One of a list of words.
  case word(String)
  /// A model, by its place in the recipe from 0.
  case model(Int)
}
