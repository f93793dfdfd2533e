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
  func match(_ text: String) -> Match {
    let number = Int(text).flatMap { names.indices.contains($0) ? $0 : nil }
    if let named = names.firstIndex(where: { $0.utf8.elementsEqual(text.utf8) }) {
      return number == nil || number == named ? .index(named) : .ambiguous
    }
    if let number { return .index(number) }
    let folded = text.lowercased()
    let similar = names.indices.filter { names[$0].lowercased() == folded }
    return similar.count == 1 ? .index(similar[0]) : similar.isEmpty ? .none : .ambiguous
  }
}
