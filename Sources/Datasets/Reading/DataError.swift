import Checkpoints
import Diagnostics

/// Why a data file cannot be used, with the file and, where there is one, the line (from 1; a row that spans several
/// lines is named by its first).
package enum DataError: DiagnosedError, Equatable {
  case unreadable(file: String, reason: String, isMissing: Bool)
  case unknownFormat(file: String)
  /// A known format that is not read.
  case foreignFormat(file: String, ForeignFormat)
  /// Lines end with a carriage return alone.
  case carriageReturns(file: String)
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
  /// A row of a JSONL file has no such text, or null or another kind of value for it.
  case missingText(file: String, line: Int, column: String, found: String?)
  /// What stands for no label, or nothing, where a label is needed.
  case missingLabel(file: String, line: Int, column: String, found: String)
  case wrongType(file: String, line: Int, column: String, found: String, expected: String)

  case labelOutsideMap(file: String, line: Int, label: String, names: [String])
  /// The label is the name of one class and the number of another.
  case ambiguousLabel(file: String, line: Int, label: String, names: [String])
  /// The recipe or the command lists what labels mean, and not this one.
  case labelNotListed(file: String, line: Int, label: String, listed: [String])
  /// A listed label is to mean a class that the model does not have.
  case unknownClass(file: String, label: String, meaning: String, names: [String])
  /// What labels mean was said of a regression.
  case labelsWithoutClasses(file: String)
  /// A regression with several outputs needs as many numbers.
  case labelCount(file: String, line: Int, expected: Int, found: Int)
  case labelNotNumber(file: String, line: Int, label: String)
  /// Every chosen row was left out.
  case noUsableRows(file: String, SkippedRows)
  /// The tokenizer makes no token of the text but special ones.
  case noTokens(file: String, line: Int)
  case maximumLengthTooSmall(file: String, maximumLength: Int, specialCount: Int)

  package var subject: String {
    switch self {
    case .unreadable(let file, _, _), .unknownFormat(let file), .noExamples(let file), .repeatedColumn(let file, _),
      .noTextColumns(let file, _), .ambiguousColumns(let file, _, _), .missingColumn(let file, _, _),
      .positionOutOfRange(let file, _, _), .positionsWithoutFields(let file), .namesAndPositions(let file),
      .columnCount(let file, _), .maximumLengthTooSmall(let file, _, _), .foreignFormat(let file, _),
      .carriageReturns(let file), .unknownClass(let file, _, _, _), .labelsWithoutClasses(let file),
      .noUsableRows(let file, _):
      file
    case .invalidUTF8(let file, let line), .rowTooLong(let file, let line, _), .invalidJSON(let file, let line, _),
      .notAnObject(let file, let line),
      .unterminatedQuote(let file, let line), .textAfterQuote(let file, let line),
      .fieldCount(let file, let line, _, _), .missingText(let file, let line, _, _),
      .missingLabel(let file, let line, _, _), .labelNotListed(let file, let line, _, _),
      .labelCount(let file, let line, _, _),
      .wrongType(let file, let line, _, _, _), .labelOutsideMap(let file, let line, _, _),
      .ambiguousLabel(let file, let line, _, _), .labelNotNumber(let file, let line, _), .noTokens(let file, let line):
      "\(file):\(line)"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .unreadable: .missingInput
    case .unknownClass, .labelsWithoutClasses, .unknownFormat, .positionsWithoutFields, .namesAndPositions,
      .columnCount, .maximumLengthTooSmall:
      .usage
    default: .badInput
    }
  }
}
