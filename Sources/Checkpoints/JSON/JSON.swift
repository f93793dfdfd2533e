/// A JSON value as it stands in a file: members in order, keys compared byte by byte.
///
/// Foundation's decoders cannot be used where the bytes matter: they accept duplicate keys, and Swift's `String` treats
/// canonically equivalent keys (é in one or two scalars) as one, which would merge different words of a vocabulary.
package enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number without fraction or exponent that fits an `Int`.
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One key and its value.
  package struct Member: Sendable, Equatable {
    package let key: String
    package let value: JSON

    package init(key: String, value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// The member named `key`, nil where there is none or this is no object. Linear in the number of members.
  package subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  package var members: [Member]? { if case .object(let value) = self { value } else { nil } }
  package var isNull: Bool { self == .null }

  /// The value of either kind of number.
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}
