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

  /// The most bytes of a row, 16 MiB: thousands of times what a model reads. Where a quote is not closed or a file is no
  /// text, this ends the search for the row's end.
  static let maximumRowBytes = 1 << 24

  /// The number of examples.
  package var rowCount: Int { rows.count }
  var file: String { path.string }

  /// Reads the file at `path` and parses every row.
  /// - Parameter hasHeader: whether the first row of a CSV or TSV file names the columns.
  package init(path: FilePath, hasHeader: Bool = true) throws(DataError) {
    let name = path.extension?.lowercased() ?? ""
    guard let format = Format(rawValue: name) else { throw .unknownFormat(file: path.string) }
    let mapped: MappedFile
    do throws(FileAccessError) { mapped = try MappedFile(path: path) } catch {
      throw .unreadable(file: path.string, reason: error.reason, isMissing: error.isMissing)
    }
    try self.init(mapped, format: format, hasHeader: hasHeader)
  }

  package init(_ mapped: MappedFile, format: Format, hasHeader: Bool = true) throws(DataError) {
    self.path = mapped.path
    self.format = format
    self.mapped = mapped
    (columns, rows) =
      switch format {
      case .jsonLines: try Self.scanJSONLines(mapped)
      case .csv, .tsv: try Self.scanDelimited(Self.delimited(mapped, format), hasHeader: hasHeader)
      }
    guard !rows.isEmpty else { throw .noExamples(file: path.string) }
  }

  static func delimited(_ mapped: MappedFile, _ format: Format) -> DelimitedRows {
    DelimitedRows(file: mapped, delimiter: UInt8(ascii: format == .csv ? "," : "\t"), isQuoted: format == .csv)
  }

  private static func scanJSONLines(_ mapped: MappedFile) throws(DataError) -> (columns: [String], rows: [Row]) {
    let (bytes, file) = (mapped.bytes, mapped.path.string)
    // The bytes are mapped as long as the file object lives.
    defer { withExtendedLifetime(mapped) {} }
    var rows: [Row] = []
    var columns: [String] = []
    var position = startAfterByteOrderMark(bytes)
    var line = 1
    while position < bytes.count {
      let limit = min(bytes.count, position + maximumRowBytes)
      guard let end = bytes[position..<limit].firstIndex(of: UInt8(ascii: "\n")) ?? (limit == bytes.count ? limit : nil)
      else { throw .rowTooLong(file: file, line: line, limit: maximumRowBytes) }
      let row = Row(range: position..<end, line: line)
      if !bytes[row.range].allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) {
        let members = try object(mapped, row)
        if rows.isEmpty { columns = members.map(\.key) }
        rows.append(row)
      }
      position = end + 1
      line += 1
    }
    return (columns, rows)
  }

  /// The members of a row of a JSONL file.
  static func object(_ mapped: MappedFile, _ row: Row) throws(DataError) -> [JSON.Member] {
    let file = mapped.path.string
    let json: JSON
    defer { withExtendedLifetime(mapped) {} }
    do throws(JSONError) { json = try JSON(parsing: mapped[row.range]) } catch {
      if case .invalidUTF8 = error.problem { throw .invalidUTF8(file: file, line: row.line) }
      throw .invalidJSON(file: file, line: row.line, error)
    }
    guard let members = json.members else { throw .notAnObject(file: file, line: row.line) }
    return members
  }

  private static func scanDelimited(
    _ delimited: DelimitedRows, hasHeader: Bool
  ) throws(DataError) -> (columns: [String], rows: [Row]) {
    let file = delimited.file.path.string
    var rows: [Row] = []
    var columns: [String]?
    var position = startAfterByteOrderMark(delimited.bytes)
    var line = 1
    while position < delimited.bytes.count {
      let start = position
      let startLine = line
      let fields = try Self.fields(delimited, &position, &line, file: file)
      // A blank line has one empty field that begins where the row does: it is not quoted.
      if fields.count == 1, fields[0].range == start..<start { continue }
      guard String(validating: delimited.file[start..<position], as: UTF8.self) != nil else {
        throw .invalidUTF8(file: file, line: startLine)
      }
      if let columns {
        guard fields.count == columns.count else {
          throw .fieldCount(file: file, line: startLine, expected: columns.count, found: fields.count)
        }
        rows.append(Row(range: start..<position, line: startLine))
      } else if hasHeader {
        columns = fields.compactMap(delimited.text)
      } else {
        columns = fields.indices.map { "#\($0 + 1)" }
        rows.append(Row(range: start..<position, line: startLine))
      }
    }
    return (columns ?? [], rows)
  }

  static func fields(
    _ delimited: DelimitedRows, _ position: inout Int, _ line: inout Int, file: String
  ) throws(DataError) -> [DelimitedRows.Field] {
    do throws(DelimitedRows.Problem) { return try delimited.next(position: &position, line: &line) } catch {
      switch error {
      case .unterminatedQuote(let line): throw .unterminatedQuote(file: file, line: line)
      case .textAfterQuote(let line): throw .textAfterQuote(file: file, line: line)
      case .rowTooLong(let line): throw .rowTooLong(file: file, line: line, limit: maximumRowBytes)
      }
    }
  }
}

/// `bytes` without a byte order mark in UTF-8 at their start: the offset of the first byte that counts.
private func startAfterByteOrderMark(_ bytes: UnsafeRawBufferPointer) -> Int {
  bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
}
