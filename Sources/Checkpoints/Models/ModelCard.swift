import Diagnostics

/// The `README.md` of a merged model: what it was made of, how, and from which bytes.
package struct ModelCard: Sendable {
  /// One input file and its SHA-256.
  package struct Input: Sendable, Equatable {
    package let name: String
    package let sha256: String

    package init(name: String, sha256: String) {
      self.name = name
      self.sha256 = sha256
    }
  }

  package var title: String
  /// A short paragraph below the title.
  package var summary: String
  /// The models that were merged, as the user named them.
  package var baseModels: [String]
  package var tags: [String] = ["merge"]
  package var pipelineTag: String? = "text-classification"
  /// The recipe as it was read.
  package var recipe: String
  /// The command line that made the model.
  package var command: String
  package var inputs: [Input]

  package init(
    title: String, summary: String, baseModels: [String], recipe: String, command: String, inputs: [Input]
  ) {
    self.title = title
    self.summary = summary
    self.baseModels = baseModels
    self.recipe = recipe
    self.command = command
    self.inputs = inputs
  }

  /// The text of the file.
  package var markdown: String {
    var lines = ["---"]
    lines += Self.list("base_model", baseModels)
    lines += ["library_name: transformers"]
    if let pipelineTag { lines += ["pipeline_tag: \(Self.scalar(pipelineTag))"] }
    lines += Self.list("tags", tags)
    lines += ["---", "", "# \(Self.escaped(title))", "", summary, ""]
    lines += ["## Recipe", ""] + Self.block(recipe, language: "yaml")
    lines += ["", "## Command", ""] + Self.block(command, language: "sh")
    if !inputs.isEmpty {
      lines += ["", "## Inputs", "", "| file | SHA-256 |", "|---|---|"]
      lines += inputs.map { "| \(Self.escaped($0.name)) | `\($0.sha256)` |" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func list(_ key: String, _ values: [String]) -> [String] {
    values.isEmpty ? [] : ["\(key):"] + values.map { "- \(scalar($0))" }
  }

  /// A YAML scalar: plain where that is certainly a string, else in double quotes, whose escapes are those of JSON;
  /// what YAML does not take as it stands is one too.
  static func scalar(_ text: String) -> String {
    let isPlain =
      text.utf8.first.map { isLetter($0) } ?? false
      && text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || "-_./".utf8.contains($0) }
      && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(text.lowercased())
    guard !isPlain else { return text }
    return JSON.string(text).serialized().unicodeScalars.reduce(into: "") { quoted, scalar in
      switch scalar.value {
      case 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFFE...0xFFFF:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  /// A fenced block whose fence is longer than any run of backticks within.
  static func block(_ text: String, language: String) -> [String] {
    var (longest, run) = (0, 0)
    for byte in text.utf8 {
      run = byte == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: max(3, longest + 1))
    let content = text.hasSuffix("\n") ? String(text.dropLast()) : text
    return [fence + language, content, fence]
  }

  /// A text on one line that stands for itself in Markdown: no markup, no HTML, no end of a table's cell. Names and
  /// paths may be anything.
  static func escaped(_ text: String) -> String {
    let text = legible(text, limit: .max)
    var (escaped, last): (String, Unicode.Scalar?) = ("", nil)
    for scalar in text.unicodeScalars {
      // An underscore between letters is only itself, and names are full of them.
      let isWithinWord =
        scalar == "_" && last.map { $0.properties.isAlphabetic || $0.properties.numericType != nil } ?? false
      if "\\`*_[]<>|&~!#$".unicodeScalars.contains(scalar), !isWithinWord { escaped += "\\" }
      escaped.unicodeScalars.append(scalar)
      last = scalar
    }
    return escaped
  }
}
