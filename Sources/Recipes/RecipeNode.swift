import Diagnostics
import SystemPackage
import Yams

/// A mapping of a recipe that is read key by key; what is left unread is an unknown key.
struct RecipeNode {
  let path: FilePath
  let line: Int
  private let members: [(key: String, line: Int, value: Node)]

  /// Takes a mapping whose keys are all among `known`.
  init(_ node: Node, path: FilePath, name: String, known: [String]) throws(RecipeError) {
    self.path = path
    self.line = node.mark?.line ?? 1
    guard let mapping = node.mapping else {
      throw .wrongType(path, line: line, key: name, expected: "a mapping of \(known.joined(separator: ", "))")
    }
    var members: [(key: String, line: Int, value: Node)] = []
    for (keyNode, value) in mapping {
      let line = keyNode.mark?.line ?? line
      guard let key = keyNode.string, known.contains(key) else {
        let key = keyNode.string ?? "?"
        throw .unknownKey(path, line: line, key: key, nearest: nearest(to: key, among: known), known: known)
      }
      members.append((key, line, value))
    }
    self.members = members
  }

  /// The value of `key` and its line; nil where the key is absent or null.
  func value(_ key: String) -> (node: Node, line: Int)? {
    guard let member = members.first(where: { $0.key == key }), member.value.null == nil else { return nil }
    return (member.value, member.line)
  }

  func line(of key: String) -> Int { members.first { $0.key == key }?.line ?? line }

  func string(_ key: String) throws(RecipeError) -> String? {
    guard let (node, line) = value(key) else { return nil }
    guard let text = node.scalar?.string, !text.isEmpty else {
      throw .wrongType(path, line: line, key: key, expected: "a text")
    }
    return text
  }

  func requiredString(_ key: String) throws(RecipeError) -> String {
    guard let text = try string(key) else { throw .missingKey(path, line: line, key: key) }
    return text
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(RecipeError) -> Int? {
    guard let (node, line) = value(key) else { return nil }
    // Yams reads 1:30 as 90, to the base 60, and traps where that overflows.
    guard let text = node.scalar?.string, !text.contains(":"), let number = node.int else {
      throw .wrongType(path, line: line, key: key, expected: "a whole number")
    }
    guard range.contains(number) else {
      throw .outOfRange(
        path, line: line, key: key, value: String(number),
        allowed: "a whole number from \(range.lowerBound)" + (range.upperBound == .max ? "" : " to \(range.upperBound)")
      )
    }
    return number
  }

  /// A finite number in a range.
  ///
  /// - Parameter text: the range in words.
  func number(_ key: String, in range: ClosedRange<Double>, _ text: String) throws(RecipeError) -> Double? {
    guard let (node, line) = value(key) else { return nil }
    guard let number = node.float else { throw .wrongType(path, line: line, key: key, expected: "a number") }
    guard number.isFinite, range.contains(number) else {
      throw .outOfRange(path, line: line, key: key, value: "\(number)", allowed: text)
    }
    return number
  }

  func flag(_ key: String) throws(RecipeError) -> Bool? {
    guard let (node, line) = value(key) else { return nil }
    guard let flag = node.bool else { throw .wrongType(path, line: line, key: key, expected: "true or false") }
    return flag
  }

  func choice<Value: RawRepresentable & CaseIterable>(
    _ key: String, of type: Value.Type
  ) throws(RecipeError) -> Value? where Value.RawValue == String {
    try choice(key, among: Array(type.allCases), \.rawValue)
  }

  /// One of some values, by its name. Where a name has an underscore a hyphen does as well, and the other way round.
  func choice<Value>(
    _ key: String, among values: [Value], _ name: (Value) -> String
  ) throws(RecipeError) -> Value? {
    guard let text = try string(key) else { return nil }
    func spelling(_ text: String) -> String { text.replacing("-", with: "_") }
    guard let value = values.first(where: { spelling(name($0)) == spelling(text) }) else {
      throw .unknownValue(path, line: line(of: key), key: key, value: text, known: values.map(name))
    }
    return value
  }

  func sequence(_ key: String) throws(RecipeError) -> [Node]? {
    guard let (node, line) = value(key) else { return nil }
    guard let sequence = node.sequence, !sequence.isEmpty else {
      throw .wrongType(path, line: line, key: key, expected: "a list with at least one entry")
    }
    return Array(sequence)
  }

  func strings(_ key: String) throws(RecipeError) -> [String]? {
    guard let nodes = try sequence(key) else { return nil }
    var strings: [String] = []
    for node in nodes {
      guard let text = node.scalar?.string else {
        throw .wrongType(path, line: line(of: key), key: key, expected: "a list of texts")
      }
      strings.append(text)
    }
    return strings
  }
}
