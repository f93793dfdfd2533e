extension JSON {
  /// The value as UTF-8 text without a line end: members in order, two spaces of indentation, `"key": value`, as
  /// `transformers` indents its files; letters beyond ASCII stay as they are.
  ///
  /// - Parameter indentation: the width of one level, nil for everything on one line without white space.
  package func serialized(indentation: Int? = 2) -> String {
    var text = ""
    write(into: &text, indentation: indentation, level: 0)
    return text
  }

  private func write(into text: inout String, indentation: Int?, level: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value):
      // JSON has no infinities and no NaN: what is no number is null, as other writers have it.
      text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.quote(value, into: &text)
    case .array(let elements):
      Self.bracket("[", "]", elements, into: &text, indentation: indentation, level: level) { element, text in
        element.write(into: &text, indentation: indentation, level: level + 1)
      }
    case .object(let members):
      Self.bracket("{", "}", members, into: &text, indentation: indentation, level: level) { member, text in
        Self.quote(member.key, into: &text)
        text += indentation == nil ? ":" : ": "
        member.value.write(into: &text, indentation: indentation, level: level + 1)
      }
    }
  }

  private static func bracket<Item>(
    _ open: String, _ close: String, _ items: [Item], into text: inout String, indentation: Int?, level: Int,
    item write: (Item, inout String) -> Void
  ) {
    text += open
    for (index, item) in items.enumerated() {
      if index > 0 { text += "," }
      if let indentation { text += "\n" + String(repeating: " ", count: indentation * (level + 1)) }
      write(item, &text)
    }
    if let indentation, !items.isEmpty { text += "\n" + String(repeating: " ", count: indentation * level) }
    text += close
  }

  private static func quote(_ string: String, into text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSON {
  /// The object with `key` set to `value`: in its place where the key exists, else at the end.
  package func setting(_ key: String, to value: JSON) -> JSON {
    guard case .object(var members) = self else { preconditionFailure("only an object has members") }
    let member = Member(key: key, value: value)
    if let index = members.firstIndex(where: { $0.key.utf8.elementsEqual(key.utf8) }) {
      members[index] = member
    } else {
      members.append(member)
    }
    return .object(members)
  }

  /// The object without the member named `key`, the same object where there is none.
  package func removing(_ key: String) -> JSON {
    guard case .object(let members) = self else { preconditionFailure("only an object has members") }
    return .object(members.filter { !$0.key.utf8.elementsEqual(key.utf8) })
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// Keeps the order of the literal.
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member(key: $0.0, value: $0.1) })
  }
}
