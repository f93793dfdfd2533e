import Checkpoints

/// Cuts comma- or tab-separated bytes into rows and fields, and knows the line of each.
///
/// Our own and not SwiftCSV (0.10.0 was read): its errors carry no line; it drops white space at the start of a field;
/// it ends rows at every character that Swift calls a newline, such as U+2028 inside a sentence; and it works on
/// grapheme clusters, so that a delimiter followed by a combining mark is not seen. Rows are found in bytes here and
/// nothing is copied until a field is asked for.
struct DelimitedRows {
  /// A field's bytes, without its quotes.
  struct Field: Equatable {
    let range: Range<Int>
    /// Quotes inside are written twice.
    let hasEscapedQuotes: Bool
  }

  enum Problem: Error, Equatable {
    case unterminatedQuote(line: Int)
    case textAfterQuote(line: Int)
    /// A line ends with a carriage return alone.
    case carriageReturn
    /// The row that begins here has more than ``DataFile/maximumRowBytes``.
    case rowTooLong(line: Int)
  }

  let file: MappedFile
  let delimiter: UInt8
  /// RFC 4180 quoting; off for the tab-separated files of GLUE, where a quote is a quote.
  let isQuoted: Bool

  var bytes: UnsafeRawBufferPointer { file.bytes }

  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// Reads the row at `position` and leaves `position` and `line` at the next one. Rows end at LF or CR LF outside
  /// quotes; a quote counts only at the start of a field.
  func next(position: inout Int, line: inout Int) throws(Problem) -> [Field] {
    var fields: [Field] = []
    let startLine = line
    // A row must end before this place, or at the end of the file.
    let limit = min(bytes.count, position + DataFile.maximumRowBytes)
    while true {
      guard position < limit || limit == bytes.count else { throw .rowTooLong(line: startLine) }
      let isLast: Bool
      if isQuoted, position < bytes.count, bytes[position] == Self.quote {
        isLast = try quotedField(&position, &line, limit, startLine, into: &fields)
      } else {
        isLast = try plainField(&position, &line, limit, startLine, into: &fields)
      }
      if isLast { return fields }
    }
  }

  /// Returns whether the field was the row's last.
  private func plainField(
    _ position: inout Int, _ line: inout Int, _ limit: Int, _ rowLine: Int, into fields: inout [Field]
  ) throws(Problem) -> Bool {
    let start = position
    while position < limit, bytes[position] != delimiter, bytes[position] != Self.lineFeed { position += 1 }
    guard position < limit || limit == bytes.count else { throw .rowTooLong(line: rowLine) }
    let isLast = position == bytes.count || bytes[position] == Self.lineFeed
    var end = position
    if isLast, end > start, bytes[end - 1] == Self.carriageReturn { end -= 1 }
    fields.append(Field(range: start..<end, hasEscapedQuotes: false))
    if isLast { line += 1 }
    position = min(position + 1, bytes.count)
    return isLast
  }

  private func quotedField(
    _ position: inout Int, _ line: inout Int, _ limit: Int, _ rowLine: Int, into fields: inout [Field]
  ) throws(Problem) -> Bool {
    let startLine = line
    position += 1
    let start = position
    var hasEscapedQuotes = false
    while true {
      guard position < limit else {
        throw limit == bytes.count ? .unterminatedQuote(line: startLine) : .rowTooLong(line: rowLine)
      }
      if bytes[position] == Self.quote {
        guard position + 1 < bytes.count, bytes[position + 1] == Self.quote else { break }
        hasEscapedQuotes = true
        position += 1
      } else if bytes[position] == Self.lineFeed {
        line += 1
      }
      position += 1
    }
    fields.append(Field(range: start..<position, hasEscapedQuotes: hasEscapedQuotes))
    position += 1
    if position < bytes.count, bytes[position] == delimiter {
      position += 1
      return false
    }
    let isReturn = position < bytes.count && bytes[position] == Self.carriageReturn
    if isReturn { position += 1 }
    guard position == bytes.count || bytes[position] == Self.lineFeed else {
      throw isReturn ? .carriageReturn : .textAfterQuote(line: line)
    }
    position = min(position + 1, bytes.count)
    line += 1
    return true
  }

  /// Whether the fields of a file's first row look as if its lines ended with a carriage return alone, as those of old
  /// Macs do: then it has several rows in one. Within quotes a carriage return is text.
  ///
  /// - Parameter isOnly: whether no row follows.
  func hasCarriageReturns(_ fields: [Field], isHeader: Bool, isOnly: Bool) -> Bool {
    guard isHeader || isOnly else { return false }
    return fields.contains { field in
      let start = field.range.lowerBound
      let isInQuotes = isQuoted && start > 0 && bytes[start - 1] == Self.quote
      return !isInQuotes && bytes[field.range].contains(Self.carriageReturn)
    }
  }

  /// The text of a field; nil where it is not valid UTF-8.
  func text(of field: Field) -> String? {
    guard field.hasEscapedQuotes else { return String(validating: file[field.range], as: UTF8.self) }
    var content: [UInt8] = []
    var index = field.range.lowerBound
    while index < field.range.upperBound {
      content.append(bytes[index])
      index += bytes[index] == Self.quote ? 2 : 1
    }
    return String(validating: content, as: UTF8.self)
  }
}
