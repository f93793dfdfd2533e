import Checkpoints

extension DataFile {
  /// The first pass over a file, which finds its rows and parses each.
  struct Scan {
    let badRows: BadRowPolicy
    private(set) var columns: [String]?
    private(set) var rows: [Row] = []
    private(set) var defects: [Int: SkippedRows.Kind] = [:]
    private(set) var firstDefect: DataError?

    init(badRows: BadRowPolicy) { self.badRows = badRows }

    /// Adds a row, sound or not.
    private mutating func add(_ row: Row, _ defect: DataError? = nil) throws(DataError) {
      if let defect {
        guard badRows == .skip, let kind = defect.skippable else { throw defect }
        defects[rows.count] = kind
        firstDefect = firstDefect ?? defect
      }
      rows.append(row)
    }

    mutating func readJSONLines(_ mapped: MappedFile) throws(DataError) {
      let (bytes, file) = (mapped.bytes, mapped.path.string)
      // The bytes are mapped as long as the file object lives.
      defer { withExtendedLifetime(mapped) {} }
      var position = bytes.textStart
      var line = 1
      while position < bytes.count {
        let limit = min(bytes.count, position + maximumRowBytes)
        guard
          let end = bytes[position..<limit].firstIndex(of: UInt8(ascii: "\n")) ?? (limit == bytes.count ? limit : nil)
        else {
          guard !bytes[position..<limit].contains(UInt8(ascii: "\r")) else { throw .carriageReturns(file: file) }
          throw .rowTooLong(file: file, line: line, limit: maximumRowBytes)
        }
        let row = Row(range: position..<end, line: line)
        if !bytes[row.range].allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) {
          do throws(DataError) {
            // Strings that nobody reads are not looked into.
            guard String(validating: mapped[row.range], as: UTF8.self) != nil else {
              throw .invalidUTF8(file: file, line: line)
            }
            let object = try DataFile.object(mapped, row, reading: [])
            if columns == nil { columns = object.keys }
            try add(row)
          } catch {
            try add(row, error)
          }
        }
        position = end + 1
        line += 1
      }
    }

    mutating func readDelimited(_ delimited: DelimitedRows, hasHeader: Bool) throws(DataError) {
      let file = delimited.file.path.string
      defer { withExtendedLifetime(delimited.file) {} }
      var position = delimited.bytes.textStart
      var line = 1
      while position < delimited.bytes.count {
        let (start, startLine) = (position, line)
        let fields = try DataFile.fields(delimited, &position, &line, file: file)
        // A blank line has one empty field that begins where the row does: it is not quoted.
        if fields.count == 1, fields[0].range == start..<start { continue }
        let isText = String(validating: delimited.file[start..<position], as: UTF8.self) != nil
        let row = Row(range: start..<position, line: startLine)
        guard let columns else {
          guard isText else { throw .invalidUTF8(file: file, line: startLine) }
          let isOnly = position == delimited.bytes.count
          guard !delimited.hasCarriageReturns(fields, isHeader: hasHeader, isOnly: isOnly) else {
            throw .carriageReturns(file: file)
          }
          columns = hasHeader ? fields.compactMap(delimited.text) : fields.indices.map { "#\($0 + 1)" }
          if !hasHeader { try add(row) }
          continue
        }
        if !isText {
          try add(row, .invalidUTF8(file: file, line: startLine))
        } else if fields.count != columns.count {
          try add(row, .fieldCount(file: file, line: startLine, expected: columns.count, found: fields.count))
        } else {
          try add(row)
        }
      }
    }
  }
}
