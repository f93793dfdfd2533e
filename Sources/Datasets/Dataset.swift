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
  /// - Parameters:
  ///   - needsLabels: whether an example without a label is of no use. Where it is, a label that is null, `-`, `-1` or
  ///     absent, and one that could mean two classes, is none; one outside the model's map is an error all the same,
  ///     because then model and data do not belong together.
  ///   - draw: in place of `selection`, where a published program chooses otherwise.
  ///   - skip: told of each row that is left out because it cannot be used; the next of the draw takes its place. Nil
  ///     where such a row is an error.
  package static func load(
    _ table: ExampleTable, labels: LabelScheme, needsLabels: Bool = true, tokenizer: Tokenizer, maximumLength: Int,
    selection: ExampleSelection = .all, draw: PublishedDraw? = nil, skip: ((SkippedRows.Kind) -> Void)? = nil
  ) throws(DataError) -> TokenizedExamples {
    let file = table.file.path.string
    let rowCount = table.file.rowCount
    let specials = tokenizer.specialCount(isPair: table.textColumns.count == 2)
    guard maximumLength > specials else {
      throw .maximumLengthTooSmall(file: file, maximumLength: maximumLength, specialCount: specials)
    }
    try labels.check(file: file)
    let reader = RowReader(
      table: table, labels: labels, needsLabels: needsLabels, tokenizer: tokenizer, maximumLength: maximumLength)
    var examples = TokenizedExamples(fileRowCount: rowCount)
    let chosen = draw?.rows(of: rowCount) ?? selection.rows(of: rowCount)
    guard let skip else {
      for row in chosen {
        let (encoding, target) = try reader.read(row)
        examples.append(encoding, rowIndex: row, target: target)
      }
      return examples
    }

    var found: [(row: Int, encoding: Encoding, target: Target)] = []
    var skipped = SkippedRows()
    func add(_ row: Int) throws(DataError) {
      var defect = table.file.defects[row]
      if defect == nil {
        do throws(DataError) {
          let (encoding, target) = try reader.read(row)
          found.append((row, encoding, target))
        } catch {
          guard let kind = error.skippable else { throw error }
          defect = kind
        }
      }
      guard let defect else { return }
      skipped.add(defect)
      skip(defect)
    }
    for row in chosen { try add(row) }
    if draw == nil, found.count < chosen.count {
      for row in selection.reserve(of: rowCount) {
        guard found.count < chosen.count else { break }
        try add(row)
      }
      found.sort { $0.row < $1.row }
    }
    guard !found.isEmpty || chosen.isEmpty else { throw .noUsableRows(file: file, skipped) }
    for (row, encoding, target) in found { examples.append(encoding, rowIndex: row, target: target) }
    return examples
  }
}

/// Makes an example of one row.
private struct RowReader {
  let table: ExampleTable
  let labels: LabelScheme
  let needsLabels: Bool
  let tokenizer: Tokenizer
  let maximumLength: Int

  func read(_ index: Int) throws(DataError) -> (Encoding, Target) {
    let file = table.file.path.string
    let row = try table.row(index)
    var target = Target.none
    if let label = row.label, let column = table.labelColumn {
      do throws(DataError) {
        target = try labels.target(label, column: column, file: file, line: row.line)
      } catch {
        switch error {
        case .missingLabel where !needsLabels, .ambiguousLabel where !needsLabels: break
        default: throw error
        }
      }
    }
    let encoding = tokenizer.encode(
      row.texts[0], pair: row.texts.count == 2 ? row.texts[1] : nil, maximumLength: maximumLength)
    guard encoding.textTokenCount > 0 else { throw .noTokens(file: file, line: row.line) }
    return (encoding, target)
  }
}
