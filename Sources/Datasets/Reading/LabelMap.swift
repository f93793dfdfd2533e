/// The classes of a model in the order of `id2label`.
package struct LabelMap: Sendable, Equatable {
  /// Name of each class.
  package let names: [String]

  package init(names: [String]) { self.names = names }

  /// How many classes there are.
  package var count: Int { names.count }

  enum Match: Equatable {
    case index(Int)
    /// The text is the name of one class and the number of another.
    case ambiguous
    case none
  }

  /// The class of a label written as text: a name, else a class number, else a name in another case.
  ///
  /// A number may have a fraction of zeros, as `1.0`: pandas writes whole numbers so where the column once had gaps. It
  /// is then also what the text `1` would be, since a class may be named by a digit.
  func match(_ text: String) -> Match {
    let whole = Self.wholeNumber(text)
    let number = whole.flatMap { names.indices.contains($0) ? $0 : nil }
    if let named = name(text) ?? whole.flatMap({ name("\($0)") }) {
      return number == nil || number == named ? .index(named) : .ambiguous
    }
    if let number { return .index(number) }
    let folded = text.lowercased()
    let similar = names.indices.filter { names[$0].lowercased() == folded }
    return similar.count == 1 ? .index(similar[0]) : similar.isEmpty ? .none : .ambiguous
  }

  /// The class with exactly this name.
  private func name(_ text: String) -> Int? { names.firstIndex { $0.utf8.elementsEqual(text.utf8) } }

  /// The integer that a text in decimal notation stands for, with or without a fraction of zeros.
  private static func wholeNumber(_ text: String) -> Int? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return Int(text) }
    guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
    return Int(parts[0])
  }
}
