import SystemPackage
import Tokenizers

/// Reads, chooses, checks and tokenises the examples of one data file.
package enum Dataset {
  /// Loads the chosen rows of the file at `path`.
  ///
  /// Every row of the file is parsed, so that broken rows are found and rows are counted; texts, labels and tokens are
  /// looked at in the chosen rows only.
  /// - Parameters:
  ///   - path: a `.jsonl`, `.csv` or `.tsv` file.
  ///   - columns: one text column or two; nil finds those of GLUE, `text`, or `text` and `text_pair`.
  ///   - labelColumn: nil finds `label`, or what GLUE's own files call it.
  ///   - labels: how the label column is read; `.ignored` needs none.
  ///   - maximumLength: the most tokens of an example, special tokens included.
  ///   - selection: which rows are used.
  /// - Throws: `DataError`, which names the file and the line.
  package static func load(
    path: FilePath, columns: [Column]? = nil, labelColumn: Column? = nil, labels: LabelScheme,
    tokenizer: Tokenizer, maximumLength: Int, selection: ExampleSelection = .all
  ) throws(DataError) -> TokenizedExamples {
    let table = try ExampleTable(
      path: path, columns: columns, labelColumn: labelColumn, needsLabel: labels.needsLabel)
    return try load(
      table, labels: labels, tokenizer: tokenizer, maximumLength: maximumLength, selection: selection)
  }

  /// Loads the chosen rows of a file whose columns have been found.
  ///
  /// - Parameter draw: in place of `selection`, where a published program chooses otherwise.
  package static func load(
    _ table: ExampleTable, labels: LabelScheme, tokenizer: Tokenizer, maximumLength: Int,
    selection: ExampleSelection = .all, draw: PublishedDraw? = nil
  ) throws(DataError) -> TokenizedExamples {
    let file = table.file.path.string
    let specials = tokenizer.specialCount(isPair: table.textColumns.count == 2)
    guard maximumLength > specials else {
      throw .maximumLengthTooSmall(file: file, maximumLength: maximumLength, specialCount: specials)
    }
    var examples = TokenizedExamples(fileRowCount: table.file.rowCount)
    for index in draw?.rows(of: table.file.rowCount) ?? selection.rows(of: table.file.rowCount) {
      let row = try table.row(index)
      var target = Target.none
      if let label = row.label, let column = table.labelColumn {
        target = try labels.target(label, column: column, file: file, line: row.line)
      }
      let encoding = tokenizer.encode(
        row.texts[0], pair: row.texts.count == 2 ? row.texts[1] : nil, maximumLength: maximumLength)
      guard encoding.textTokenCount > 0 else { throw .noTokens(file: file, line: row.line) }
      examples.append(encoding, rowIndex: index, target: target)
    }
    return examples
  }
}
