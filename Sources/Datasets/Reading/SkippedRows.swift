/// What is done about a row that cannot be used.
package enum BadRowPolicy: String, Sendable, Codable, CaseIterable {
  /// It ends the command.
  case error
  /// It is left out and counted.
  case skip
}

/// Rows that were left out of a data file, by what they lack.
package struct SkippedRows: Sendable, Equatable, Codable {
  package enum Kind: String, Sendable, Codable, CodingKeyRepresentable, CaseIterable {
    case tooFewFields = "too_few_fields"
    case tooManyFields = "too_many_fields"
    /// No JSON object, or no UTF-8.
    case unreadable
    /// No text, or none that gives a token.
    case noText = "no_text"
    /// No label where one is needed.
    case noLabel = "no_label"

    /// For a sentence: so many rows …
    fileprivate var words: String {
      switch self {
      case .tooFewFields: "with too few fields"
      case .tooManyFields: "with too many fields"
      case .unreadable: "unreadable"
      case .noText: "without text"
      case .noLabel: "without a label"
      }
    }
  }

  private var counts: [Kind: Int] = [:]

  package init() {}

  package mutating func add(_ kind: Kind) { counts[kind, default: 0] += 1 }

  package var total: Int { counts.values.reduce(0, +) }

  /// How many there are of each kind of which there are any, always in the same order.
  package var byKind: [(kind: Kind, count: Int)] {
    Kind.allCases.compactMap { kind in counts[kind].map { (kind, $0) } }
  }

  /// For the output: "3 rows skipped (2 with too few fields, 1 without a label)".
  package var text: String {
    let kinds = byKind.map { "\($0.count) \($0.kind.words)" }.joined(separator: ", ")
    return "\(total) row\(total == 1 ? "" : "s") skipped (\(kinds))"
  }
}

extension DataError {
  /// The kind of row that may be left out; nil where the fault is the file's, or shows that model and data do not
  /// belong together.
  var skippable: SkippedRows.Kind? {
    switch self {
    case .fieldCount(_, _, let expected, let found): found < expected ? .tooFewFields : .tooManyFields
    case .invalidUTF8, .invalidJSON, .notAnObject: .unreadable
    case .missingText, .noTokens: .noText
    case .missingLabel: .noLabel
    default: nil
    }
  }
}
