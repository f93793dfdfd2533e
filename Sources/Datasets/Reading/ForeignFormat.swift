import Checkpoints
import SystemPackage

/// Formats that data are published in and that are not read here, told by a file's first bytes or else by its name.
package enum ForeignFormat: String, Sendable, CaseIterable {
  case gzip = "compressed by gzip"
  case zstandard = "compressed by Zstandard"
  case bzip2 = "compressed by bzip2"
  case xz = "compressed by xz"
  case parquet = "a Parquet file"
  case arrow = "an Arrow file"
  case excel = "an Excel workbook"
  case zip = "a ZIP archive"
  case pickle = "a pickle of Python"
  case utf16 = "text in UTF-16"
  case lfsPointer = "a pointer of Git LFS, and not the data"
  case html = "a web page, and not the data"
  case jsonArray = "one JSON array"
  case jsonDocument = "one JSON document"
  case jsonLines = "JSON lines"

  /// What the file at `path` is; nil for what may be a format that is read.
  init?(_ file: MappedFile) {
    defer { withExtendedLifetime(file) {} }
    let bytes = file.bytes
    let name = file.path.extension?.lowercased() ?? ""
    func begins(_ text: String) -> Bool {
      bytes.count >= text.utf8.count
        && String(decoding: bytes.prefix(text.utf8.count), as: UTF8.self).lowercased() == text
    }
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      self = name.hasPrefix("xls") ? .excel : .zip
    } else if let known = Self.marks.first(where: { bytes.starts(with: $0.mark) })?.format {
      self = known
    } else if file.isLFSPointer {
      self = .lfsPointer
    } else if begins("<!doctype html") || begins("<html") {
      self = .html
    } else if ["json", "jsonl"].contains(name), let first = Self.firstLetter(bytes), first == UInt8(ascii: "[") {
      self = .jsonArray
    } else if name == "json" {
      self = Self.holdsLines(bytes) ? .jsonLines : .jsonDocument
    } else if let known = Self.extensions[name] {
      self = known
    } else {
      return nil
    }
  }

  /// What no text begins with.
  private static let marks: [(mark: [UInt8], format: ForeignFormat)] = [
    ([0x1F, 0x8B], .gzip), ([0x28, 0xB5, 0x2F, 0xFD], .zstandard), (Array("BZh".utf8), .bzip2),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], .xz), (Array("PAR1".utf8), .parquet), (Array("ARROW1".utf8), .arrow),
    // A stream of Arrow, as the library datasets keeps them, begins with this word and the length of its schema.
    ([0xFF, 0xFF, 0xFF, 0xFF], .arrow), ([0xD0, 0xCF, 0x11, 0xE0], .excel), ([0x80, 0x02], .pickle),
    ([0x80, 0x03], .pickle), ([0x80, 0x04], .pickle), ([0x80, 0x05], .pickle), ([0xFF, 0xFE], .utf16),
    ([0xFE, 0xFF], .utf16),
  ]

  /// For files that do not begin as their names say, empty ones among them.
  private static let extensions: [String: ForeignFormat] = [
    "gz": .gzip, "zst": .zstandard, "bz2": .bzip2, "xz": .xz, "parquet": .parquet, "arrow": .arrow, "feather": .arrow,
    "xlsx": .excel, "xls": .excel, "zip": .zip, "pkl": .pickle, "pickle": .pickle,
  ]

  private static func firstLetter(_ bytes: UnsafeRawBufferPointer) -> UInt8? {
    bytes.dropFirst(bytes.textStart).prefix(4096).first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
  }

  /// Whether the first line is a JSON object of its own.
  private static func holdsLines(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let line = bytes.dropFirst(bytes.textStart).prefix(DataFile.maximumRowBytes).prefix { $0 != UInt8(ascii: "\n") }
    // Whatever is wrong with it, it is no line of its own then.
    return ((try? JSONRow(parsing: UnsafeRawBufferPointer(rebasing: line))) ?? nil) != nil
  }
}

extension ForeignFormat {
  /// One command that makes a file of it that is read, or what else there is to do.
  func remedy(_ file: String) -> String {
    let path = FilePath(file)
    let name = path.lastComponent?.string ?? file
    let stem = path.lastComponent?.stem ?? file
    // Never the file itself: a command that reads it while it writes it would empty it.
    let lines = path.extension == "jsonl" ? "\(stem)-lines.jsonl" : "\(stem).jsonl"
    /// The same directory with another name.
    func sibling(_ name: String) -> String { Self.quoted(path.removingLastComponent().appending(name).string) }
    let source = Self.quoted(file)
    func unpacked(by program: String) -> String {
      let target =
        ["gz", "zst", "bz2", "xz", "zip"].contains(path.extension?.lowercased() ?? "") ? stem : "unpacked-\(name)"
      return "unpack it: \(program) \(source) > \(sibling(target))"
    }
    func python(_ module: String, _ statement: String) -> String {
      "write it as JSON lines: python3 -c 'import sys, \(module); \(statement)' \(source) \(sibling(lines))"
    }
    let pandas = #".to_json(sys.argv[2], orient="records", lines=True)"#
    return switch self {
    case .gzip: unpacked(by: "gunzip -c")
    case .zstandard: unpacked(by: "zstd -dc")
    case .bzip2: unpacked(by: "bunzip2 -c")
    case .xz: unpacked(by: "xz -dc")
    case .zip: unpacked(by: "unzip -p")
    case .parquet: python("pandas", "pandas.read_parquet(sys.argv[1])\(pandas)")
    case .arrow: python("datasets", "datasets.Dataset.from_file(sys.argv[1]).to_json(sys.argv[2])")
    case .excel: python("pandas", "pandas.read_excel(sys.argv[1])\(pandas)")
    case .pickle: "write it as JSON lines with the program that made it; nothing is unpickled here"
    case .utf16: "save it as UTF-8: iconv -f UTF-16 -t UTF-8 \(source) > \(sibling("utf8-\(name)"))"
    case .lfsPointer: "fetch the data: git lfs pull"
    case .html: "download the file again, by the link to its raw content"
    case .jsonArray:
      python(
        "json", #"open(sys.argv[2], "w").writelines(json.dumps(row) + "\n" for row in json.load(open(sys.argv[1])))"#)
    case .jsonDocument:
      "write one object for each row, a line each; for a table of pandas: python3 -c 'import sys, pandas; "
        + "pandas.read_json(sys.argv[1])\(pandas)' \(source) \(sibling(lines))"
    case .jsonLines: "rename it to \(lines)"
    }
  }

  /// How line feeds are given to a file that has carriage returns.
  static func lineEndRemedy(_ file: String) -> String {
    let path = FilePath(file)
    let target = path.removingLastComponent().appending("lines-\(path.lastComponent?.string ?? file)").string
    return "write it with line feeds: tr '\\r' '\\n' < \(quoted(file)) > \(quoted(target))"
  }

  /// A word of a shell.
  private static func quoted(_ text: String) -> String {
    text.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || "-_./".utf8.contains($0)
    } ? text : "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
