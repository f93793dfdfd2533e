import Checkpoints
import Datasets
import Diagnostics
import Encoders
import Foundation
import ModelMerging
import Recipes
import StatisticsFiles
import SystemPackage
import Tokenizers

/// A file on disk that claims to be more than it is, or is no file at all, and what it may cost to find out.
///
/// Each runs in a process of its own, whose memory the kernel bounds and which an alarm ends.
struct HostileFile: Sendable {
  let name: String
  /// Whether it is a valid file for all its size.
  let isValid: Bool
  private let body: @Sendable (FilePath) throws -> Void

  init(_ name: String, isValid: Bool = false, _ body: @escaping @Sendable (FilePath) throws -> Void) {
    self.name = name
    self.isValid = isValid
    self.body = body
  }

  static let all: [HostileFile] =
    sparse + counted + vocabularies + nested + amplifying + tables + pickles + noFiles

  /// Makes the file, reads it, and prints what came of it.
  static func run(_ name: String) {
    guard let file = all.first(where: { $0.name == name }) else { leave("no hostile file \(name)") }
    let folder = FilePath(NSTemporaryDirectory()).appending("fishermerge-hostile-\(getpid())")
    try? FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder.string) }
    alarm(300)
    var outcome: String
    do {
      try file.body(folder)
      outcome = file.isValid ? "" : "it was accepted"
      print("accepted")
    } catch let error as any DiagnosedError {
      outcome = file.isValid ? "it was refused" : ""
      print(error.description)
    } catch let error as JSONError {
      outcome = file.isValid ? "it was refused" : ""
      print(error.description)
    } catch {
      outcome = "this is no error for users: \(error)"
    }
    alarm(0)
    guard outcome.isEmpty else {
      try? FileManager.default.removeItem(atPath: folder.string)
      leave("\(name): \(outcome)")
    }
  }

  // MARK: Making files

  /// A file of `size` bytes that begins with `start` and is a hole from there on.
  static func sparse(_ path: FilePath, _ start: [UInt8], size: Int) throws {
    let file = try FileDescriptor.open(path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
    try file.closeAfter {
      try file.writeAll(start)
      guard ftruncate(file.rawValue, off_t(size)) == 0 else { throw Errno(rawValue: errno) }
    }
  }

  /// A file of `text`, and from then on bounded memory.
  static func write(_ path: FilePath, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path.string))
  }

  static func littleEndian(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static let terabyte = 1 << 40

  // MARK: Sparse files and lying lengths

  private static let sparse: [HostileFile] =
    [
      HostileFile("safetensors of 1 TB without tensors") { folder in
        let path = folder.appending("x.safetensors")
        try sparse(path, littleEndian(2) + Array("{}".utf8), size: terabyte)
        limitMemory(to: 16 << 20)
        _ = try SafetensorsFile(path: path)
      },
      HostileFile("safetensors with a header of 2^63 bytes") { folder in
        let path = folder.appending("x.safetensors")
        try sparse(path, littleEndian(1 << 63), size: terabyte)
        limitMemory(to: 16 << 20)
        _ = try SafetensorsFile(path: path)
      },
      HostileFile("safetensors with a header of 100 MB of nothing") { folder in
        let path = folder.appending("x.safetensors")
        try sparse(path, littleEndian(100_000_000), size: terabyte)
        limitMemory(to: 16 << 20)
        _ = try SafetensorsFile(path: path)
      },
      // Opening reads no data, so a terabyte that is there costs nothing.
      HostileFile("safetensors of 1 TB", isValid: true) { folder in
        let path = folder.appending("x.safetensors")
        let header = #"{"x":{"dtype":"U8","shape":[\#(terabyte)],"data_offsets":[0,\#(terabyte)]}}"#
        try sparse(
          path, littleEndian(UInt64(header.utf8.count)) + Array(header.utf8), size: 8 + header.utf8.count + terabyte)
        limitMemory(to: 16 << 20)
        _ = try SafetensorsFile(path: path)
      },
      HostileFile("config.json of 1 TB") { folder in
        try sparse(folder.appending("config.json"), Array("{".utf8), size: terabyte)
        limitMemory(to: 16 << 20)
        _ = try ModelConfiguration(directory: folder)
      },
      HostileFile("vocab.txt of 1 TB") { folder in
        try sparse(folder.appending("vocab.txt"), [], size: terabyte)
        limitMemory(to: 16 << 20)
        _ = try Tokenizer(directory: folder)
      },
      HostileFile("recipe of 1 TB") { folder in
        try sparse(folder.appending("recipe.yaml"), [], size: terabyte)
        limitMemory(to: 16 << 20)
        _ = try Recipe(path: folder.appending("recipe.yaml"), methods: MergeMethods.declarations)
      },
    ]
    + ["jsonl", "csv", "tsv"].flatMap { format in
      [("a line", "text"), ("a quoted line", "text\n\"")].map { what, start in
        HostileFile("\(what) of 1 TB in a .\(format)") { folder in
          let path = folder.appending("data.\(format)")
          try sparse(path, Array(start.utf8), size: terabyte)
          limitMemory(to: 64 << 20)
          _ = try DataFile(path: path)
        }
      }
    }

  // MARK: Large numbers of things

  private static let settings = """
    "model_type":"bert","hidden_size":2,"num_attention_heads":1,"intermediate_size":2,"vocab_size":5,
    "max_position_embeddings":4,"type_vocab_size":1
    """

  // A build for debugging is twenty times slower.
  #if DEBUG
    private static let shards = 100_000
    static let large = 1 << 20
  #else
    private static let shards = 1_000_000
    static let large = 8 << 20
  #endif

  private static func open(_ folder: FilePath, layers: Int) throws {
    try write(folder.appending("config.json"), "{\(settings),\"num_hidden_layers\":\(layers)}")
    let header = #"{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#
    try sparse(
      folder.appending("model.safetensors"), littleEndian(UInt64(header.utf8.count)) + Array(header.utf8),
      size: 8 + header.utf8.count)
    limitMemory(to: 16 << 20)
    _ = try StoredModel(directory: folder)
  }

  private static let counted: [HostileFile] = [
    HostileFile("config.json with 10^9 layers") { try open($0, layers: 1_000_000_000) },
    HostileFile("config.json with 10^6 layers") { try open($0, layers: 1_000_000) },
    HostileFile("index that names very many shards") { folder in
      let path = folder.appending("model.safetensors.index.json")
      let entries = (0..<shards).map { "\"t\($0)\":\"model-\($0)-of-1000000.safetensors\"" }
      let text = "{\"weight_map\":{\(entries.joined(separator: ","))}}"
      try write(path, text)
      limitMemory(to: jsonMultiple * text.utf8.count + 16 << 20)
      _ = try ModelWeights(directory: folder)
    },
    HostileFile("tokenizer.json with 10^7 tokens") { folder in
      let entry = "\"0123456\":0123456,"
      try write(
        folder.appending("tokenizer.json"),
        "{\"model\":{\"vocab\":{\(String(repeating: entry, count: 10_000_000))\"a\":0}}}")
      limitMemory(to: 16 << 20)
      _ = try Tokenizer(directory: folder)
    },
    HostileFile("vocab.txt with 10^7 tokens") { folder in
      try write(folder.appending("vocab.txt"), String(repeating: "a\n", count: 10_000_000))
      limitMemory(to: 64 << 20)
      _ = try Tokenizer(directory: folder)
    },
    HostileFile("tokenizer_config.json that adds 10^5 tokens", isValid: true) { folder in
      let tokens = ["[UNK]", "[CLS]", "[SEP]"] + (0..<100_000).map { "a\($0)" }
      try write(folder.appending("vocab.txt"), tokens.joined(separator: "\n"))
      let flags = "\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"single_word\":false"
      let entries = tokens.enumerated().map { "\"\($0)\":{\"content\":\"\($1)\",\(flags)}" }
      try write(
        folder.appending("tokenizer_config.json"), "{\"added_tokens_decoder\":{\(entries.joined(separator: ","))}}")
      let tokenizer = try Tokenizer(directory: folder)
      _ = tokenizer.encode(String(repeating: "a", count: 10_000), maximumLength: 128)
    },
  ]

  // MARK: Nesting

  private static func recipe(_ text: String) -> @Sendable (FilePath) throws -> Void {
    { folder in
      let path = folder.appending("recipe.yaml")
      try write(path, text)
      limitMemory(to: 64 << 20)
      _ = try Recipe(path: path, methods: MergeMethods.declarations)
    }
  }

  /// Each line nine aliases of the line before.
  private static let laughs = (1...30).map { level in
    "l\(level): &l\(level) [" + Array(repeating: "*l\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
  }.joined()

  private static let nested: [HostileFile] = [
    HostileFile("JSON nested 10^6 deep") { folder in
      let path = folder.appending("config.json")
      try write(path, String(repeating: "[", count: 1_000_000))
      limitMemory(to: 16 << 20)
      _ = try JSON(contentsOf: path)
    },
    HostileFile("JSON objects nested 10^6 deep") { folder in
      let path = folder.appending("config.json")
      try write(path, String(repeating: "{\"a\":", count: 1_000_000))
      limitMemory(to: 16 << 20)
      _ = try JSON(contentsOf: path)
    },
    HostileFile("YAML aliases of aliases", recipe("l0: &l0 [x, x]\n\(laughs)")),
    HostileFile("YAML aliases as a key", recipe("l0: &l0 [x, x]\n\(laughs)? *l30\n: x\n")),
    HostileFile("YAML aliases in one line", recipe("{&a [&b [x, x], *b, *b]: 1, *a : 2}")),
    HostileFile("YAML nested 10^5 deep", recipe(String(repeating: "[", count: 100_000))),
    HostileFile("YAML keys nested 10^5 deep", recipe(String(repeating: "{? ", count: 80_000))),
    HostileFile("YAML lists nested 10^5 deep", recipe(String(repeating: "- ", count: 100_000) + "x")),
    HostileFile("YAML keys of keys", recipe(String(repeating: "? ", count: 99) + "x")),
    HostileFile(
      "YAML indented ever deeper", recipe((0..<700).map { String(repeating: " ", count: $0) + "a:\n" }.joined())),
    HostileFile(
      "YAML of 256 KiB of keys", recipe((0..<30_000).map { "a\($0): 1\n" }.joined().prefix(1 << 18).description)),
    HostileFile(
      "a number to the base 60",
      recipe(
        "merge_method: fisher\nmodels: [{model: a, data: d}, {model: b, data: d}]\n"
          + "parameters: {examples: 9999999999999999:59:59}\n"
      )),
  ]

  // MARK: Small files that become large values

  private static let amplifying: [HostileFile] =
    [
      ("numbers", "[", "0,", "0]"), ("empty lists", "[", "[],", "0]"), ("lists of one", "[", "[0],", "0]"),
      ("objects of one", "[", "{\"\":0},", "0]"), ("nested lists", "[", "[[[[[[[[0]]]]]]]],", "0]"),
      ("short strings", "[", "\"\",", "0]"), ("longer strings", "[", "\"0123456789abcdef\",", "0]"),
    ].map { what, start, piece, end in
      HostileFile("JSON, \(what)", isValid: true) { folder in
        let path = folder.appending("x.json")
        let size = large
        try write(path, start + String(repeating: piece, count: size / piece.utf8.count) + end)
        limitMemory(to: jsonMultiple * size + 16 << 20)
        _ = try JSON(contentsOf: path)
      }
    } + [
      HostileFile("JSON, short keys", isValid: true) { folder in
        let path = folder.appending("x.json")
        let text = "{" + (0..<large / 8).map { "\"\(String($0, radix: 36))\":0" }.joined(separator: ",") + "}"
        try write(path, text)
        limitMemory(to: jsonMultiple * text.utf8.count + 16 << 20)
        _ = try JSON(contentsOf: path)
      }
    ]
    + ["csv", "tsv"].flatMap { format in
      [("fields", format == "csv" ? "," : "\t"), ("rows", "a\n")].map { what, piece in
        HostileFile("\(format), many \(what)") { folder in
          let path = folder.appending("data.\(format)")
          let size = large
          try write(path, "text\n" + String(repeating: piece, count: size / piece.utf8.count))
          limitMemory(to: dataMultiple * size + 16 << 20)
          _ = try ExampleTable(file: DataFile(path: path), needsLabel: true)
        }
      }
    }

  /// Vocabularies of tokens as short and as long as they can be, and examples without tokens.
  private static let tables: [HostileFile] = [
    HostileFile("vocab.txt with many tokens", isValid: true) { folder in
      let tokens = ["[UNK]", "[CLS]", "[SEP]"] + (0..<large / 8).map { String($0, radix: 36) }
      try vocabulary(folder, tokens.joined(separator: "\n"))
    },
    HostileFile("vocab.txt with one long token", isValid: true) { folder in
      try vocabulary(folder, "[UNK]\n[CLS]\n[SEP]\n" + String(repeating: "a", count: large))
    },
    HostileFile("very many examples without tokens", isValid: true) { _ in
      let count = large / 17
      let none: [UInt8] = Array(repeating: 0, count: 4 * count)
      let words = [count, 0, count, 0].flatMap { littleEndian(UInt64($0)) }
      let rows = (0..<count).flatMap { littleEndian(UInt64($0)) }
      let bytes = [0x46, 0x4D, 0x54, 0x45, 2, 0, 0, 0] + words + none + none + rows + none.prefix(count)
      limitMemory(to: examplesMultiple * bytes.count + 16 << 20)
      _ = try TokenizedExamples(decoding: bytes)
    },
  ]

  private static func vocabulary(_ folder: FilePath, _ text: String) throws {
    try write(folder.appending("vocab.txt"), text)
    limitMemory(to: vocabularyMultiple * text.utf8.count + 16 << 20)
    _ = try Tokenizer(directory: folder)
  }

  /// What `docs/file-formats.md` states.
  private static let jsonMultiple = 64
  private static let vocabularyMultiple = 128
  private static let examplesMultiple = 16
  private static let dataMultiple = 64

  // MARK: What is no file

  private static let noFiles: [HostileFile] = {
    let readers: [(String, @Sendable (FilePath) throws -> Void)] = [
      ("config.json", { _ = try ModelConfiguration(path: $0) }),
      ("model.safetensors", { _ = try SafetensorsFile(path: $0) }),
      ("pytorch_model.bin", { _ = try PickleFile(path: $0) }),
      ("model.safetensors.index.json", { _ = try ShardIndex(path: $0) }),
      ("tokenizer.json", { _ = try Tokenizer(directory: $0.removingLastComponent()) }),
      ("vocab.txt", { _ = try Tokenizer(directory: $0.removingLastComponent()) }),
      ("data.jsonl", { _ = try DataFile(path: $0) }), ("data.csv", { _ = try DataFile(path: $0) }),
      ("recipe.yaml", { _ = try Recipe(path: $0, methods: MergeMethods.declarations) }),
      ("statistics.safetensors", { _ = try StatisticsFile(path: $0) }),
    ]
    let kinds: [(String, @Sendable (FilePath) throws -> Void)] = [
      ("a pipe", { guard mkfifo($0.string, 0o600) == 0 else { throw Errno(rawValue: errno) } }),
      ("a directory", { guard mkdir($0.string, 0o700) == 0 else { throw Errno(rawValue: errno) } }),
      ("/dev/zero", { guard symlink("/dev/zero", $0.string) == 0 else { throw Errno(rawValue: errno) } }),
      ("a link to itself", { guard symlink($0.string, $0.string) == 0 else { throw Errno(rawValue: errno) } }),
    ]
    return readers.flatMap { name, read in
      kinds.map { kind, make in
        HostileFile("\(kind) as \(name)") { folder in
          let path = folder.appending(name)
          try make(path)
          limitMemory(to: 16 << 20)
          try read(path)
        }
      }
    }
  }()
}
