import SystemPackage

extension Recipe {
  /// Refuses the number of a column, such as `label: #2`, where YAML begins a comment: the value would be missing
  /// without a word.
  ///
  /// Looks at the lines' characters: a comment that is nothing but such a number, after `label:` or `columns:`, or in
  /// the list below that.
  static func checkComments(of text: String, _ path: FilePath) throws(RecipeError) {
    var isBelowColumns = false
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let start = commentStart(in: line)
      let before = line[..<(start ?? line.endIndex)].filter { $0 != " " && $0 != "\t" }
      isBelowColumns = before.hasSuffix("columns:") || isBelowColumns && (before.isEmpty || before.hasPrefix("-"))
      guard let start else { continue }
      let digits = line[line.index(after: start)...].prefix { "0123456789".contains($0) }
      let rest = line[digits.endIndex...].first { $0 != " " && $0 != "\t" }
      guard !digits.isEmpty, rest == nil || rest.map({ ",]}#".contains($0) }) == true else { continue }
      let isEntry = isBelowColumns && before == "-"
      let isValue = ["label:", "columns:"].contains { key in
        before.ranges(of: key).last.map { before[$0.upperBound...].allSatisfy { $0 != ":" && $0 != "}" } } ?? false
      }
      guard isEntry || isValue && before.last.map({ ":[,".contains($0) }) == true else { continue }
      throw .commentedValue(path, line: index + 1, value: "#\(digits)")
    }
  }

  /// Where the comment of a line begins: at a number sign that nothing, white space or a bracket precedes, outside
  /// quotes.
  private static func commentStart(in line: Substring) -> Substring.Index? {
    var quote: Character?
    var last: Character = " "
    for index in line.indices {
      let character = line[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "\"" || character == "'", " \t[{,:-".contains(last) {
        quote = character
      } else if character == "#", " \t[{,".contains(last) {
        return index
      }
      last = character
    }
    return nil
  }
}
