import Checkpoints
import SystemPackage

/// The text and label columns of a data file, found once; rows are read one at a time.
package struct ExampleTable: Sendable {
  package let file: DataFile
  /// The columns of the text, one or two, as they are called in `file.columns`.
  package let textColumns: [String]
  /// The column of the label; nil where none was asked for.
  package let labelColumn: String?
  private var readColumns: [String] = []
  /// Fields of the texts and of the label, for delimited files.
  private let textFields: [Int]
  private let labelField: Int?

  /// Opens the file at `path` and finds its columns.
  /// - Parameters:
  ///   - columns: one text column or two; nil finds those of GLUE, `text`, or `text` and `text_pair`.
  ///   - labelColumn: nil finds `label`, or what GLUE's own files call it.
  ///   - needsLabel: whether a label is read at all.
  ///   - badRows: whether a row that cannot be parsed is an error.
  package init(
    path: FilePath, columns: [Column]? = nil, labelColumn: Column? = nil, needsLabel: Bool,
    badRows: BadRowPolicy = .error
  ) throws(DataError) {
    let named = (columns ?? []) + (needsLabel ? [labelColumn].compactMap { $0 } : [])
    let positions = named.filter { if case .position = $0 { true } else { false } }
    guard positions.isEmpty || positions.count == named.count else { throw .namesAndPositions(file: path.string) }
    let file = try DataFile(path: path, hasHeader: positions.isEmpty, badRows: badRows)
    guard positions.isEmpty || file.format != .jsonLines else { throw .positionsWithoutFields(file: path.string) }
    try self.init(file: file, columns: columns, labelColumn: labelColumn, needsLabel: needsLabel)
  }

  package init(file: DataFile, columns: [Column]? = nil, labelColumn: Column? = nil, needsLabel: Bool) throws(DataError)
  {
    self.file = file
    if let columns {
      guard columns.count == 1 || columns.count == 2 else {
        throw .columnCount(file: file.file, count: columns.count)
      }
      textColumns = try columns.map { column throws(DataError) in try file.name(of: column) }
    } else {
      textColumns = try KnownColumns.texts(among: file.columns, file: file.file)
    }
    if !needsLabel {
      self.labelColumn = nil
    } else if let labelColumn {
      self.labelColumn = try file.name(of: labelColumn)
    } else if let known = KnownColumns.labels.first(where: file.columns.contains) {
      self.labelColumn = known
    } else {
      throw .missingColumn(file: file.file, column: KnownColumns.labels[0], found: file.columns)
    }
    textFields = try textColumns.map { column throws(DataError) in try file.field(of: column) }
    readColumns = textColumns + [self.labelColumn].compactMap { $0 }
    labelField = if let name = self.labelColumn { try file.field(of: name) } else { nil }
  }

  /// One row's texts, and its label as it is written.
  struct RawExample {
    let texts: [String]
    /// A string for delimited files; null where the row has none; nil where no label was asked for.
    let label: JSON?
    let line: Int
  }

  /// Reads row `index`, from 0.
  func row(_ index: Int) throws(DataError) -> RawExample {
    let row = file.rows[index]
    return file.format == .jsonLines ? try jsonRow(row) : try delimitedRow(row)
  }

  private func jsonRow(_ row: DataFile.Row) throws(DataError) -> RawExample {
    let members = try DataFile.object(file.mapped, row, reading: readColumns)
    var texts: [String] = []
    for column in textColumns { texts.append(try text(members, column, row)) }
    guard let labelColumn else { return RawExample(texts: texts, label: nil, line: row.line) }
    return RawExample(texts: texts, label: members[labelColumn] ?? .null, line: row.line)
  }

  private func delimitedRow(_ row: DataFile.Row) throws(DataError) -> RawExample {
    let delimited = DataFile.delimited(file.mapped, file.format)
    var position = row.range.lowerBound
    var line = row.line
    let fields = try DataFile.fields(delimited, &position, &line, file: file.file)
    guard fields.count == file.columns.count else {
      throw .fieldCount(file: file.file, line: row.line, expected: file.columns.count, found: fields.count)
    }
    func content(_ field: Int) throws(DataError) -> String {
      guard let text = delimited.text(of: fields[field]) else { throw .invalidUTF8(file: file.file, line: row.line) }
      return text
    }
    var texts: [String] = []
    for field in textFields { texts.append(try content(field)) }
    let label: JSON? = if let labelField { .string(try content(labelField)) } else { nil }
    return RawExample(texts: texts, label: label, line: row.line)
  }

  private func text(_ members: JSONRow, _ column: String, _ row: DataFile.Row) throws(DataError) -> String {
    let value = members[column]
    guard let text = value?.string else {
      throw .missingText(file: file.file, line: row.line, column: column, found: value?.kind)
    }
    return text
  }
}

extension DataFile {
  /// The name under which `column` stands in `columns`.
  fileprivate func name(of column: Column) throws(DataError) -> String {
    switch column {
    case .name(let name):
      // Keys of later JSONL rows may differ; the first row shows what the file has.
      guard columns.contains(name) else { throw .missingColumn(file: file, column: name, found: columns) }
      return name
    case .position(let position):
      guard columns.indices.contains(position - 1) else {
        throw .positionOutOfRange(file: file, position: position, fieldCount: columns.count)
      }
      return columns[position - 1]
    }
  }

  /// The only field of that name.
  fileprivate func field(of column: String) throws(DataError) -> Int {
    let fields = columns.indices.filter { columns[$0] == column }
    guard fields.count == 1 else { throw .repeatedColumn(file: file, column: column) }
    return fields[0]
  }
}
