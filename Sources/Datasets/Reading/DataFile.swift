import Checkpoints
import SystemPackage

/// A file of examples whose every row has been parsed once: its rows are counted and well-formed. Texts and labels are
/// taken from the bytes only when a row is asked for.
///
/// Blank lines are no rows. A byte order mark is skipped.
package struct DataFile: Sendable {
  package enum Format: String, Sendable {
    /// One JSON object a line.
    case jsonLines = "jsonl"
    /// Comma-separated values after RFC 4180: quotes, line breaks in quotes, LF or CR LF.
    case csv
    /// Tab-separated values as GLUE has them: no quoting at all.
    case tsv
  }

  /// Where a row is.
  struct Row: Sendable {
    let range: Range<Int>
    /// Line of its first byte, from 1.
    let line: Int
  }

  package let path: FilePath
  package let format: Format
  /// Names of the header line, or the keys of the first row of a JSONL file; `#1`, `#2`, … without a header line.
  package let columns: [String]
  let mapped: MappedFile
  let rows: [Row]
  /// The rows that cannot be parsed, by their index; empty where such a row is an error.
  let defects: [Int: SkippedRows.Kind]

  /// The most bytes of a row, 16 MiB: thousands of times what a model reads. Where a quote is not closed or a file is
  /// no text, this ends the search for the row's end.
  static let maximumRowBytes = 1 << 24

  /// The number of examples.
  package var rowCount: Int { rows.count }
  var file: String { path.string }

  /// Reads the file at `path` and parses every row.
  /// - Parameters:
  ///   - hasHeader: whether the first row of a CSV or TSV file names the columns.
  ///   - badRows: whether a row that cannot be parsed is an error, or is kept as such.
  package init(path: FilePath, hasHeader: Bool = true, badRows: BadRowPolicy = .error) throws(DataError) {
    let mapped: MappedFile
    do throws(FileAccessError) { mapped = try MappedFile(path: path) } catch {
      throw .unreadable(file: path.string, reason: error.reason, isMissing: error.isMissing)
    }
    if let foreign = ForeignFormat(mapped) { throw .foreignFormat(file: path.string, foreign) }
    guard let format = Format(rawValue: path.extension?.lowercased() ?? "") else {
      throw .unknownFormat(file: path.string)
    }
    try self.init(mapped, format: format, hasHeader: hasHeader, badRows: badRows)
  }

  package init(
    _ mapped: MappedFile, format: Format, hasHeader: Bool = true, badRows: BadRowPolicy = .error
  ) throws(DataError) {
    self.path = mapped.path
    self.format = format
    self.mapped = mapped
    var scan = Scan(badRows: badRows)
    switch format {
    case .jsonLines: try scan.readJSONLines(mapped)
    case .csv, .tsv: try scan.readDelimited(Self.delimited(mapped, format), hasHeader: hasHeader)
    }
    (columns, rows, defects) = (scan.columns ?? [], scan.rows, scan.defects)
    guard !rows.isEmpty else { throw .noExamples(file: path.string) }
    // A file of bad rows alone is most likely none of the kind that its name says.
    if let defect = scan.firstDefect, defects.count == rows.count { throw defect }
  }

  static func delimited(_ mapped: MappedFile, _ format: Format) -> DelimitedRows {
    DelimitedRows(file: mapped, delimiter: UInt8(ascii: format == .csv ? "," : "\t"), isQuoted: format == .csv)
  }

  /// The members of a row of a JSONL file that have these names.
  static func object(_ mapped: MappedFile, _ row: Row, reading columns: [String]) throws(DataError) -> JSONRow {
    let file = mapped.path.string
    let object: JSONRow?
    defer { withExtendedLifetime(mapped) {} }
    do throws(JSONError) { object = try JSONRow(parsing: mapped[row.range], reading: columns) } catch {
      if case .invalidUTF8 = error.problem { throw .invalidUTF8(file: file, line: row.line) }
      if case .trailingBytes = error.problem, mapped[row.range].dropLast().contains(UInt8(ascii: "\r")) {
        throw .carriageReturns(file: file)
      }
      throw .invalidJSON(file: file, line: row.line, error)
    }
    guard let object else { throw .notAnObject(file: file, line: row.line) }
    return object
  }

  static func fields(
    _ delimited: DelimitedRows, _ position: inout Int, _ line: inout Int, file: String
  ) throws(DataError) -> [DelimitedRows.Field] {
    do throws(DelimitedRows.Problem) { return try delimited.next(position: &position, line: &line) } catch {
      switch error {
      case .unterminatedQuote(let line): throw .unterminatedQuote(file: file, line: line)
      case .textAfterQuote(let line): throw .textAfterQuote(file: file, line: line)
      case .carriageReturn: throw .carriageReturns(file: file)
      case .rowTooLong(let line): throw .rowTooLong(file: file, line: line, limit: maximumRowBytes)
      }
    }
  }
}
