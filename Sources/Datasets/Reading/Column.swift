/// A column as a user names it.
package enum Column: Sendable, Equatable, Codable {
  /// By its name in the header line, or its key in JSONL.
  case name(String)
  /// By its place in the row, from 1. The file then has no header line, as the files of CoLA.
  case position(Int)

  /// Reads `#4` as a position and everything else as a name.
  package init(_ text: String) {
    if text.hasPrefix("#"), let position = Int(text.dropFirst()), position > 0 {
      self = .position(position)
    } else {
      self = .name(text)
    }
  }
}

/// The columns that are known without being named: those of the GLUE tasks, in the files of the benchmark itself and in
/// the data sets of the hub.
enum KnownColumns {
  /// Sets of text columns. A pair hides the single column that it contains.
  static let texts = [
    ["premise", "hypothesis"], ["question", "sentence"], ["question1", "question2"], ["sentence1", "sentence2"],
    ["#1 String", "#2 String"], ["text", "text_pair"], ["sentence"], ["text"],
  ]
  /// Label columns, the first that is there counts.
  static let labels = ["label", "gold_label", "score", "is_duplicate", "Quality"]

  /// The one known set of text columns among `found`.
  static func texts(among found: [String], file: String) throws(DataError) -> [String] {
    let present = texts.filter { $0.allSatisfy(found.contains) }
    let widest = present.filter { set in
      !present.contains { $0.count > set.count && Set($0).isSuperset(of: set) }
    }
    guard let columns = widest.first else { throw .noTextColumns(file: file, found: found) }
    guard widest.count == 1 else { throw .ambiguousColumns(file: file, candidates: widest, found: found) }
    return columns
  }
}
