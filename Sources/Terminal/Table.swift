import Diagnostics

/// A table of text for a terminal: the first column left-aligned, the others right-aligned. A cell is on one line:
/// control characters and line ends in it are escapes.
package struct Table {
  private var rows: [[String]]

  package init(_ heading: [String]) { rows = [heading.map { legible($0) }] }

  package mutating func add(_ row: [String]) { rows.append(row.map { legible($0) }) }

  package var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    var lines = rows.map { row in
      row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + padding : padding + row[column]
      }.joined(separator: "  ")
    }
    lines.insert(widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "), at: 1)
    return lines.joined(separator: "\n")
  }
}
