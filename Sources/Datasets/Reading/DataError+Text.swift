import Diagnostics

extension DataError {
  package var problem: String {
    switch self {
    case .unreadable(_, let reason, _): "cannot be read: \(reason)"
    case .unknownFormat: "the name does not end in .jsonl, .csv or .tsv"
    case .foreignFormat(_, .jsonLines): "this is JSON lines under the name of a JSON document"
    case .foreignFormat(_, let format): "this is \(format.rawValue), which is not read"
    case .carriageReturns: "the lines end with a carriage return alone, as those of old Macs"
    case .noExamples: "there is no example in the file"
    case .invalidUTF8: "the text is not valid UTF-8"
    case .rowTooLong(_, _, let limit): "the row that begins here does not end within \(limit) bytes"
    case .invalidJSON(_, _, let error): "\(error)"
    case .notAnObject: "the line is JSON, but no object"
    case .unterminatedQuote: "a quoted field begins here and never ends"
    case .textAfterQuote: "a quoted field is followed by something other than a delimiter"
    case .fieldCount(_, _, let expected, let found):
      "the row has \(found) \(found == 1 ? "field" : "fields"), but the first row has \(expected)"
    case .repeatedColumn(_, let column): "the header names the column \"\(column)\" twice"
    case .noTextColumns(_, let found): "no known text column; the columns are \(list(found))"
    case .ambiguousColumns(_, let candidates, let found):
      "the text could be \(candidates.map(list).joined(separator: " or ")); the columns are \(list(found))"
    case .missingColumn(_, let column, let found): "there is no column \"\(column)\"; the columns are \(list(found))"
    case .positionOutOfRange(_, let position, let count): "there is no field \(position); rows have \(count) fields"
    case .positionsWithoutFields: "columns are given by position, but the rows of a JSONL file have names only"
    case .namesAndPositions: "some columns are given by name and some by position"
    case .columnCount(_, let count): "\(count) text columns are given; an example has one text or two"
    case .missingText(_, _, let column, let found):
      found.map { "\"\(column)\" is \($0), not a string" } ?? "the row has no \"\(column)\""
    case .missingLabel(_, _, let column, let found):
      "\(found) in \"\(column)\" stands for no label, and a label is needed"
    case .wrongType(_, _, let column, let found, let expected): "\"\(column)\" is \(found), not \(expected)"
    case .labelOutsideMap(_, _, let label, let names): "the label \(label) is not in the label map \(map(names))"
    case .ambiguousLabel(_, _, let label, let names):
      "the label \(label) is the name of one class and the number of another in the label map \(map(names))"
    case .labelNotListed(_, _, let label, let listed):
      "the label \(label) is not among those that `labels` lists: \(list(Array(listed.prefix(20))))"
    case .unknownClass(_, let label, let meaning, let names):
      "`labels` takes \"\(label)\" for \"\(meaning)\", which is neither name nor number in the label map \(map(names))"
    case .labelsWithoutClasses: "`labels` says which classes labels mean, and the model is a regression without classes"
    case .labelCount(_, _, let expected, let found):
      "the label has \(found) number\(found == 1 ? "" : "s"), and the model \(expected) outputs"
    case .noUsableRows(_, let skipped): "no row can be used: \(skipped.text)"
    case .labelNotNumber(_, _, let label): "the label \(label) is not a finite number"
    case .noTokens: "the tokenizer finds text that yields no token"
    case .maximumLengthTooSmall(_, let length, let specials):
      "\(length) tokens leave no room for text beside \(specials) special tokens"
    }
  }

  package var remedy: String {
    switch self {
    case .unreadable(_, _, let isMissing): isMissing ? "check the path" : "check the path and its permissions"
    case .unknownFormat: "rename the file by what it holds: JSON lines, comma-separated or tab-separated values"
    case .foreignFormat(let file, let format): format.remedy(file)
    case .carriageReturns(let file): ForeignFormat.lineEndRemedy(file)
    case .noExamples: "give a file with at least one data row"
    case .invalidUTF8: "save the file as UTF-8"
    case .rowTooLong: "check that the file is text, and that every quoted field is closed"
    case .invalidJSON, .notAnObject: "write one JSON object a line"
    case .unterminatedQuote, .textAfterQuote: "quote a field as \"…\" and write quotes in it twice (RFC 4180)"
    case .fieldCount, .missingText:
      "mend or remove the row; `on_bad_row: skip` (--on-bad-row skip) leaves such rows out"
    case .missingLabel:
      "name the column of the labels by `label`, or leave such rows out with `on_bad_row: skip` (--on-bad-row skip)"
    case .repeatedColumn: "give every column its own name"
    case .noTextColumns, .ambiguousColumns, .columnCount:
      "name the text columns: `columns` in the recipe or --columns (#1, #2, … in a file without a header line)"
    case .missingColumn(_, let column, let found):
      nearest(to: column, among: found).map { "did you mean \"\($0)\"?" }
        ?? "name the columns by `columns` and `label` below `data:` in the recipe, or by --columns and --label"
    case .positionOutOfRange: "positions count from #1"
    case .positionsWithoutFields: "give column names"
    case .namesAndPositions: "give all as names (header line) or all as positions #1, #2, … (no header line)"
    case .wrongType: "mend or remove the row"
    case .ambiguousLabel:
      "say what the labels are: `labels: by_name` or `by_number` beside `file` in the recipe, or --labels by_name"
    case .labelNotListed: "add the label to `labels` with its class, or mend the row"
    case .unknownClass: "give the class by its name in id2label of the model's config.json, or by its number from 0"
    case .labelsWithoutClasses: "remove `labels`"
    case .labelCount: "give a list of as many numbers, in JSONL as an array"
    case .noUsableRows: "check that the columns are the right ones"
    case .labelOutsideMap:
      "mend the row, check id2label in the model's config.json, or name another column by `label`"
    case .labelNotNumber: "mend the row; a model with one output is a regression and needs numbers"
    case .noTokens: "remove the row or use `on_bad_row: skip`, or check that `columns` names the text"
    case .maximumLengthTooSmall: "allow more tokens by `max_length`"
    }
  }

  private func list(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }

  private func map(_ names: [String]) -> String {
    let shown = names.enumerated().prefix(20).map { "\($0): \"\($1)\"" }.joined(separator: ", ")
    return names.count > 20 ? "{\(shown), … \(names.count) classes}" : "{\(shown)}"
  }
}
