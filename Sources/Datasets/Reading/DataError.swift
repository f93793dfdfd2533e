import Checkpoints
import Diagnostics

/// Why a data file cannot be used, with the file and, where there is one, the line (from 1; a row that spans several
/// lines is named by its first).
package enum DataError: DiagnosedError, Equatable {
  case unreadable(file: String, reason: String, isMissing: Bool)
  case unknownFormat(file: String)
  /// The file has no data row.
  case noExamples(file: String)
  case invalidUTF8(file: String, line: Int)
  /// A row does not end within `limit` bytes.
  case rowTooLong(file: String, line: Int, limit: Int)
  case invalidJSON(file: String, line: Int, JSONError)
  case notAnObject(file: String, line: Int)
  /// A quoted field that begins here never ends.
  case unterminatedQuote(file: String, line: Int)
  /// Something other than a delimiter follows a quoted field.
  case textAfterQuote(file: String, line: Int)
  case fieldCount(file: String, line: Int, expected: Int, found: Int)
  case repeatedColumn(file: String, column: String)

  /// No set of text columns that is known by default.
  case noTextColumns(file: String, found: [String])
  /// More than one set of text columns that is known by default.
  case ambiguousColumns(file: String, candidates: [[String]], found: [String])
  case missingColumn(file: String, column: String, found: [String])
  case positionOutOfRange(file: String, position: Int, fieldCount: Int)
  case positionsWithoutFields(file: String)
  case namesAndPositions(file: String)
  case columnCount(file: String, count: Int)
  /// A row of a JSONL file lacks the column.
  case missingValue(file: String, line: Int, column: String)
  case wrongType(file: String, line: Int, column: String, found: String, expected: String)

  case labelOutsideMap(file: String, line: Int, label: String, names: [String])
  /// The label is the name of one class and the number of another.
  case ambiguousLabel(file: String, line: Int, label: String, names: [String])
  case labelNotNumber(file: String, line: Int, label: String)
  /// The tokenizer makes no token of the text but special ones.
  case noTokens(file: String, line: Int)
  case maximumLengthTooSmall(file: String, maximumLength: Int, specialCount: Int)

  package var subject: String {
    switch self {
    case .unreadable(let file, _, _), .unknownFormat(let file), .noExamples(let file), .repeatedColumn(let file, _),
      .noTextColumns(let file, _), .ambiguousColumns(let file, _, _), .missingColumn(let file, _, _),
      .positionOutOfRange(let file, _, _), .positionsWithoutFields(let file), .namesAndPositions(let file),
      .columnCount(let file, _), .maximumLengthTooSmall(let file, _, _):
      file
    case .invalidUTF8(let file, let line), .rowTooLong(let file, let line, _), .invalidJSON(let file, let line, _),
      .notAnObject(let file, let line),
      .unterminatedQuote(let file, let line), .textAfterQuote(let file, let line),
      .fieldCount(let file, let line, _, _), .missingValue(let file, let line, _),
      .wrongType(let file, let line, _, _, _), .labelOutsideMap(let file, let line, _, _),
      .ambiguousLabel(let file, let line, _, _), .labelNotNumber(let file, let line, _), .noTokens(let file, let line):
      "\(file):\(line)"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .unreadable: .missingInput
    case .unknownFormat, .positionsWithoutFields, .namesAndPositions, .columnCount, .maximumLengthTooSmall: .usage
    default: .badInput
    }
  }
}
