import SystemPackage

/// What is refused before a recipe is given to the YAML parser, whose work is not bounded by the length of its text.
extension Recipe {
  /// The longest recipe that is read, 256 KiB: more than a thousand models.
  static let maximumBytes = 1 << 18

  /// The most aliases, and the deepest indentation in columns.
  private static let maximumAliases = 1000
  private static let maximumIndentation = 200
  /// The most keys that are lists or mappings, or written with a question mark. A recipe has none, and finding equal
  /// ones takes time that doubles with each that is within another.
  private static let maximumComplexKeys = 8

  /// Refuses texts that stand for more than they are: an alias may stand for a scalar, but not for a list or a mapping.
  ///
  /// Lists of aliases of lists of aliases are exponentially large ("billion laughs"), and comparing the keys of
  /// mappings visits all of it. Looks at characters, not at YAML's grammar: whatever could be an alias that is not of a
  /// scalar counts as one. In quotes or comments it does so wrongly where the same text has `&name` and `*name` there.
  static func checkExpansion(of text: String, _ path: FilePath) throws(RecipeError) {
    var collections: Set<Substring> = []
    var aliases = 0
    var complexKeys = 0
    var line = 1
    for content in lines(of: text) {
      let indicators = content.utf8.prefix { " \t-?:".utf8.contains($0) }
      guard indicators.count <= maximumIndentation else {
        throw .invalidYAML(path, line: line, reason: "more than \(maximumIndentation) columns of indentation")
      }
      complexKeys += complexKeyCount(in: content)
      guard complexKeys <= maximumComplexKeys else {
        throw .invalidYAML(path, line: line, reason: "more than \(maximumComplexKeys) keys that are lists or mappings")
      }
      for mark in marks(in: content) {
        if mark.isAnchor {
          if !mark.isOfScalar { collections.insert(mark.name) }
        } else {
          aliases += 1
          guard !collections.contains(mark.name) else {
            throw .invalidYAML(path, line: line, reason: "*\(mark.name) stands for a list or a mapping; write it out")
          }
          guard aliases <= maximumAliases else {
            throw .invalidYAML(path, line: line, reason: "more than \(maximumAliases) aliases")
          }
        }
      }
      line += 1
    }
  }

  /// Lines as YAML ends them, but for a carriage return, which may be the first half of an end.
  private static func lines(of text: String) -> [Substring] {
    let scalars = text.unicodeScalars
    let lines = scalars.split(omittingEmptySubsequences: false) { scalar in
      switch scalar.value {
      case 0x0A, 0x85, 0x2028, 0x2029: true
      default: false
      }
    }
    return lines.map { text[$0.startIndex..<$0.endIndex] }
  }

  /// Question marks that could begin a key, and brackets that could end one.
  private static func complexKeyCount(in line: Substring) -> Int {
    let bytes = Array(line.utf8)
    func isSpace(_ index: Int) -> Bool { index >= bytes.count || " \t\r".utf8.contains(bytes[index]) }
    return bytes.indices.count { index in
      switch bytes[index] {
      case UInt8(ascii: "?"):
        return isSpace(index + 1) && (index == 0 || " \t\r-?:,[{".utf8.contains(bytes[index - 1]))
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        return bytes[(index + 1)...].first { !" \t".utf8.contains($0) } == UInt8(ascii: ":")
      default: return false
      }
    }
  }

  /// `&name` or `*name`.
  private struct Mark {
    let name: Substring
    let isAnchor: Bool
    /// What follows on the line can only be a scalar.
    let isOfScalar: Bool
  }

  private static func marks(in line: Substring) -> [Mark] {
    var marks: [Mark] = []
    let bytes = line.utf8
    var place = bytes.startIndex
    while let start = bytes[place...].firstIndex(where: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "*") }) {
      place = bytes.index(after: start)
      // The letters of a name as libyaml has them.
      let end =
        bytes[place...].firstIndex {
          !(0x30...0x39).contains($0) && !(0x41...0x5A).contains($0) && !(0x61...0x7A).contains($0) && $0 != 0x2D
            && $0 != 0x5F
        } ?? bytes.endIndex
      guard end > place else { continue }
      let next = bytes[end...].first { $0 != 0x20 && $0 != 0x09 }
      marks.append(
        Mark(
          name: line[place..<end], isAnchor: bytes[start] == UInt8(ascii: "&"),
          isOfScalar: next.map { !"[{-?!&*#\r".utf8.contains($0) } ?? false))
      place = end
    }
    return marks
  }
}
