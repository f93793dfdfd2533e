import Checkpoints

extension JSON {
  /// The one text of this value: no white space, the members of every object by the UTF-8 bytes of their keys.
  var canonicalText: String { sorted.serialized(indentation: nil) }

  private var sorted: JSON {
    switch self {
    case .array(let elements): .array(elements.map(\.sorted))
    case .object(let members):
      .object(
        members.map { Member(key: $0.key, value: $0.value.sorted) }
          .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
    default: self
    }
  }

  /// The first place where two values differ, and what stands there, in words: "normalizer.lowercase is true in one
  /// tokenizer and false in the other". Nil where the canonical texts are the same.
  ///
  /// - Parameter path: where these values stand.
  func difference(from other: JSON, at path: String = "") -> String? {
    switch (self, other) {
    case (.object(let here), .object(let there)):
      // What has another type has other members, too, and only the type tells a reader why.
      let keys = ["type"] + (here + there).map(\.key)
      for key in keys {
        let (a, b) = (self[key] ?? .null, other[key] ?? .null)
        if let found = a.difference(from: b, at: path.isEmpty ? key : "\(path).\(key)") { return found }
      }
      return nil
    case (.array(let here), .array(let there)):
      for (index, (a, b)) in zip(here, there).enumerated() {
        if let found = a.difference(from: b, at: "\(path)[\(index)]") { return found }
      }
      guard here.count != there.count else { return nil }
      return "\(path) has \(here.count) entries in one tokenizer and \(there.count) in the other"
    default:
      let (here, there) = (canonicalText, other.canonicalText)
      // Byte by byte: `==` takes canonically equivalent strings for equal.
      guard !here.utf8.elementsEqual(there.utf8) else { return nil }
      return "\(path) is \(here) in one tokenizer and \(there) in the other"
    }
  }
}
