import Checkpoints

/// How a model's head reads the label column.
package enum LabelScheme: Sendable, Equatable {
  /// One class: its number from 0, or its name (exactly, else in any case), as the map's reading has it. The number may
  /// be written as `1.0`, as pandas writes a column that once had gaps; truth values are refused but where they are
  /// listed.
  case classes(LabelMap)
  /// Any number of classes: a list of names or numbers, or as many zeros and ones as there are classes. A list that can
  /// be read both ways is read as zeros and ones, unless the map's reading says what its entries are. A CSV or TSV
  /// field holds such a list as JSON or separated by commas; an empty field is the empty list.
  case multiLabel(LabelMap)
  /// A finite number, for regression.
  case number
  /// So many finite numbers, for a regression with several outputs: a list, written like that of several classes.
  case numbers(Int)
  /// The labels are not read; the file needs none.
  case ignored

  var needsLabel: Bool { self != .ignored }

  /// Refuses a list of labels that stand for classes which the model does not have.
  func check(file: String) throws(DataError) {
    switch self {
    case .classes(let map), .multiLabel(let map):
      guard case .listed(let entries) = map.reading else { return }
      for entry in entries {
        if case .index = map.meaning(of: entry) { continue }
        throw .unknownClass(file: file, label: entry.text, meaning: entry.meaning, names: map.names)
      }
    case .number, .numbers, .ignored: return
    }
  }

  /// The target that `label` stands for.
  ///
  /// - Throws: ``DataError/missingLabel(file:line:column:found:)`` for what published files have in place of a label:
  ///   null, an empty field, `-`, and of classes -1.
  func target(_ label: JSON, column: String, file: String, line: Int) throws(DataError) -> Target {
    let reader = LabelReader(column: column, file: file, line: line)
    switch self {
    case .classes(let map): return .label(try reader.classIndex(label, map))
    case .multiLabel(let map): return .labels(try reader.classes(label, map))
    case .number: return .value(try reader.number(label))
    case .numbers(let count): return .values(try reader.numbers(label, count))
    case .ignored: return .none
    }
  }
}

/// Reads one label and knows where it stands.
private struct LabelReader {
  let column: String
  let file: String
  let line: Int

  /// - Parameter isWhole: whether this is all that the row has for a label, so that it may stand for none.
  func classIndex(_ label: JSON, _ map: LabelMap, isWhole: Bool = true) throws(DataError) -> Int {
    let (text, written): (String, String)
    switch (label, map.reading) {
    case (.string(let string), _): (text, written) = (string, "\"\(string)\"")
    case (.integer(let number), _): (text, written) = ("\(number)", "\(number)")
    case (.number(let number), _) where Int(exactly: number) != nil:
      (text, written) = ("\(Int(number))", "\(number)")
    case (.number(let number), .listed): (text, written) = ("\(number)", "\(number)")
    case (.bool(let flag), .listed): (text, written) = ("\(flag)", "\(flag)")
    case (.null, _) where isWhole: throw missing("null")
    default: throw wrongType(label, "a class name or a whole number")
    }
    switch map.match(text) {
    case .index(let index): return index
    case .ambiguous: throw .ambiguousLabel(file: file, line: line, label: written, names: map.names)
    case .none:
      if isWhole, ["", "-", "-1", "-1.0"].contains(text) { throw missing(written) }
      if case .listed(let entries) = map.reading {
        throw .labelNotListed(file: file, line: line, label: written, listed: entries.map(\.text))
      }
      throw .labelOutsideMap(file: file, line: line, label: written, names: map.names)
    }
  }

  func classes(_ label: JSON, _ map: LabelMap) throws(DataError) -> [Bool] {
    if ["-", "-1"].contains(label.string) || label == .integer(-1) { throw missing("\"\(label.string ?? "-1")\"") }
    let entries = try entries(of: label)
    if map.reading == .recognized, entries.count == map.count, !entries.isEmpty, let flags = flags(entries) {
      return flags
    }
    var present = Array(repeating: false, count: map.count)
    for entry in entries { present[try classIndex(entry, map, isWhole: false)] = true }
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
    if label.isNull { throw missing("null") }
    guard let text = label.string else { throw wrongType(label, "a list") }
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
    if label.isNull { throw missing("null") }
    guard let text = label.string else { throw wrongType(label, "a number") }
    if ["", "-"].contains(text) { throw missing("\"\(text)\"") }
    guard let value = Double(text), value.isFinite else {
      throw .labelNotNumber(file: file, line: line, label: "\"\(text)\"")
    }
    return value
  }

  func numbers(_ label: JSON, _ count: Int) throws(DataError) -> [Double] {
    if ["", "-"].contains(label.string) { throw missing("\"\(label.string ?? "")\"") }
    let entries = try entries(of: label)
    guard entries.count == count else {
      throw .labelCount(file: file, line: line, expected: count, found: entries.count)
    }
    var numbers: [Double] = []
    for entry in entries { numbers.append(try number(entry)) }
    return numbers
  }

  private func missing(_ found: String) -> DataError {
    .missingLabel(file: file, line: line, column: column, found: found)
  }

  private func wrongType(_ label: JSON, _ expected: String) -> DataError {
    .wrongType(file: file, line: line, column: column, found: label.kind, expected: expected)
  }
}
