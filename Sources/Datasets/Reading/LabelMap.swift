/// The classes of a model in the order of `id2label`, and how a label column speaks of them.
package struct LabelMap: Sendable, Equatable {
  /// Name of each class.
  package let names: [String]
  package let reading: LabelReading

  package init(names: [String], reading: LabelReading = .recognized) { (self.names, self.reading) = (names, reading) }

  /// How many classes there are.
  package var count: Int { names.count }

  enum Match: Equatable {
    case index(Int)
    /// The text is the name of one class and the number of another, or the name of two in another case.
    case ambiguous
    case none
  }

  /// The class of a label written as text.
  ///
  /// A number may have a fraction of zeros, as `1.0`: pandas writes whole numbers so where the column once had gaps. It
  /// is then also what the text `1` would be, since a class may be named by a digit.
  func match(_ text: String) -> Match {
    switch reading {
    case .recognized:
      let number = number(text)
      if let named = name(text) {
        return number == nil || number == named ? .index(named) : .ambiguous
      }
      return number.map { .index($0) } ?? similar(text)
    case .byName: return name(text).map { .index($0) } ?? similar(text)
    case .byNumber: return number(text).map { .index($0) } ?? .none
    case .listed(let entries):
      let whole = Self.wholeNumber(text).map { "\($0)" }
      guard
        let entry = entries.first(where: { $0.text.utf8.elementsEqual(text.utf8) })
          ?? entries.first(where: { entry in whole.map { $0.utf8.elementsEqual(entry.text.utf8) } ?? false })
      else { return .none }
      return meaning(of: entry)
    }
  }

  /// The class that an entry of a list means.
  func meaning(of entry: LabelReading.Entry) -> Match {
    if let index = name(entry.meaning) ?? number(entry.meaning) { return .index(index) }
    return similar(entry.meaning)
  }

  /// The class with exactly this name, or with the whole number that the text stands for as its name.
  private func name(_ text: String) -> Int? {
    func exactly(_ text: String) -> Int? { names.firstIndex { $0.utf8.elementsEqual(text.utf8) } }
    return exactly(text) ?? Self.wholeNumber(text).flatMap { exactly("\($0)") }
  }

  /// The class with this number.
  private func number(_ text: String) -> Int? {
    Self.wholeNumber(text).flatMap { names.indices.contains($0) ? $0 : nil }
  }

  /// The class with this name in another case.
  private func similar(_ text: String) -> Match {
    let folded = text.lowercased()
    let similar = names.indices.filter { names[$0].lowercased() == folded }
    return similar.count == 1 ? .index(similar[0]) : similar.isEmpty ? .none : .ambiguous
  }

  /// The integer that a text in decimal notation stands for, with or without a fraction of zeros.
  private static func wholeNumber(_ text: String) -> Int? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return Int(text) }
    guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
    return Int(parts[0])
  }
}
