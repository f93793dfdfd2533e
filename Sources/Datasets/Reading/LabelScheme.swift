import Checkpoints

/// How a model's head reads the label column.
package enum LabelScheme: Sendable, Equatable {
  /// One class: its number from 0, or its name (exactly, else in any case). The number may be written as `1.0`, as
  /// pandas writes a column that once had gaps; truth values are refused.
  case classes(LabelMap)
  /// Any number of classes: a list of names or numbers, or as many zeros and ones as there are classes. A list that can
  /// be read both ways is read as zeros and ones. A CSV or TSV field holds such a list as JSON or separated by commas;
  /// an empty field is the empty list.
  case multiLabel(LabelMap)
  /// A finite number, for regression.
  case number
  /// The labels are not read; the file needs none.
  case ignored

  var needsLabel: Bool { self != .ignored }

  /// The target that `label` stands for.
  func target(_ label: JSON, column: String, file: String, line: Int) throws(DataError) -> Target {
    let reader = LabelReader(column: column, file: file, line: line)
    switch self {
    case .classes(let map): return .label(try reader.classIndex(label, map))
    case .multiLabel(let map): return .labels(try reader.classes(label, map))
    case .number: return .value(try reader.number(label))
    case .ignored: return .none
    }
  }
}

/// Reads one label and knows where it stands.
private struct LabelReader {
  let column: String
  let file: String
  let line: Int

  func classIndex(_ label: JSON, _ map: LabelMap) throws(DataError) -> Int {
    switch label {
    case .integer(let index):
      guard map.names.indices.contains(index) else {
        throw .labelOutsideMap(file: file, line: line, label: "\(index)", names: map.names)
      }
      return index
    case .number(let number):
      guard let index = Int(exactly: number) else { throw wrongType(label, "a class name or a whole number") }
      guard map.names.indices.contains(index) else {
        throw .labelOutsideMap(file: file, line: line, label: "\(number)", names: map.names)
      }
      return index
    case .string(let text):
      switch map.match(text) {
      case .index(let index): return index
      case .ambiguous: throw .ambiguousLabel(file: file, line: line, label: "\"\(text)\"", names: map.names)
      case .none: throw .labelOutsideMap(file: file, line: line, label: "\"\(text)\"", names: map.names)
      }
    default: throw wrongType(label, "a class name or a whole number")
    }
  }

  func classes(_ label: JSON, _ map: LabelMap) throws(DataError) -> [Bool] {
    let entries = try entries(of: label)
    if entries.count == map.count, !entries.isEmpty, let flags = flags(entries) { return flags }
    var present = Array(repeating: false, count: map.count)
    for entry in entries { present[try classIndex(entry, map)] = true }
    return present
  }

  /// Zeros and ones as truth values; nil where anything else is among them.
  private func flags(_ entries: [JSON]) -> [Bool]? {
    var flags: [Bool] = []
    for entry in entries {
      switch (entry.double ?? entry.string.flatMap(Double.init), entry.bool) {
      case (0, _), (_, false): flags.append(false)
      case (1, _), (_, true): flags.append(true)
      default: return nil
      }
    }
    return flags
  }

  private func entries(of label: JSON) throws(DataError) -> [JSON] {
    if let entries = label.array { return entries }
    guard let text = label.string else { throw wrongType(label, "a list of classes") }
    if text.hasPrefix("[") {
      do throws(JSONError) {
        if let entries = try JSON(parsing: Array(text.utf8)).array { return entries }
      } catch {
        throw .invalidJSON(file: file, line: line, error)
      }
    }
    return text.split(separator: ",").map { part in
      let characters = part.drop(while: \.isWhitespace)
      let end = characters.lastIndex { !$0.isWhitespace }.map(characters.index(after:)) ?? characters.startIndex
      return .string(String(characters[..<end]))
    }
  }

  func number(_ label: JSON) throws(DataError) -> Double {
    if let value = label.double { return value }
    guard let text = label.string else { throw wrongType(label, "a number") }
    guard let value = Double(text), value.isFinite else {
      throw .labelNotNumber(file: file, line: line, label: "\"\(text)\"")
    }
    return value
  }

  private func wrongType(_ label: JSON, _ expected: String) -> DataError {
    .wrongType(file: file, line: line, column: column, found: label.kind, expected: expected)
  }
}
