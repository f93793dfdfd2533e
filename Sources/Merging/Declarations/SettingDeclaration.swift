/// A key of a recipe's `parameters`, as the method that reads it declares it: what it may be, what it is where a recipe
/// is silent, and what it means. Recipes, help and the tables of the documentation are made from this.
package struct SettingDeclaration: Sendable {
  /// What a key may be.
  package enum Domain: Sendable {
    /// A finite number in a range; `text` says which in words, such as "a number from 0 to 1".
    case number(ClosedRange<Double>, text: String)
    /// A whole number in a range.
    case integer(ClosedRange<Int>)
    case flag
    /// Words with their meanings, in the order of the documentation.
    case word([(value: String, meaning: String)])
    /// The name of one of the recipe's models.
    case model
  }

  package let key: String
  package let domain: Domain
  /// Nil for a key without which nothing happens.
  package let standard: SettingValue?
  /// One clause for the documentation; may hold Markdown.
  package let meaning: String

  package init(_ key: String, _ domain: Domain, _ standard: SettingValue?, _ meaning: String = "") {
    self.key = key
    self.domain = domain
    self.standard = standard
    self.meaning = meaning
  }

  /// Whether its values are numbers, switches or words, which mean the same for all models.
  package var isScalar: Bool {
    if case .model = domain { false } else { true }
  }

  /// What a text means for this key; nil where it means nothing.
  package func value(_ text: String) -> SettingValue? {
    switch domain {
    case .number(let range, _): Double(text).flatMap { range.contains($0) ? .number($0) : nil }
    case .integer(let range): Int(text).flatMap { range.contains($0) ? .number(Double($0)) : nil }
    case .flag, .word: choices.first { $0.text == text }?.value
    case .model: nil
    }
  }

  /// What the key may be, in words.
  package var allowed: String {
    switch domain {
    case .number(_, let text): text
    case .integer(let range):
      range.upperBound == .max
        ? "a whole number from \(range.lowerBound) on"
        : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .flag, .word: "one of \(choices.map(\.text).joined(separator: ", "))"
    case .model: "the name of a model"
    }
  }

  /// The values of a key that has a few, as they are written.
  var choices: [(value: SettingValue, text: String)] {
    switch domain {
    case .flag: [(.flag(false), "false"), (.flag(true), "true")]
    case .word(let words): words.map { (.word($0.value), $0.value) }
    case .number, .integer, .model: []
    }
  }

  /// A finite number of at least 0.
  package static let nonNegative = Domain.number(
    0...Double.greatestFiniteMagnitude, text: "a finite number that is at least 0")
  /// Any finite number.
  package static let finite = Domain.number(
    -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude, text: "a finite number")

  /// The words of an enumeration, for a key that takes one of them.
  package static func words<Value: RawRepresentable & CaseIterable>(
    of type: Value.Type, _ meaning: (Value) -> String
  ) -> Domain where Value.RawValue == String {
    .word(type.allCases.map { ($0.rawValue, meaning($0)) })
  }
}
