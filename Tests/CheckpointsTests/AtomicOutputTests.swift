import Foundation
import SystemPackage
import Testing

@testable import Checkpoints

@Suite("Outputs appear complete or not at all")
struct AtomicOutputTests {
  let scratch: Scratch
  let destination: FilePath

  init() throws {
    scratch = try Scratch()
    destination = scratch.path.appending("out")
  }

  private func write(_ text: String, to path: FilePath) throws {
    let output = try OutputFile(path: path)
    try output.write(text)
    try output.close()
  }

  @Test("Before the commit nothing has the name; after it everything has, and nothing else is left")
  func commit() throws {
    let directory = try AtomicDirectory(destination)
    try write("1", to: directory.temporary.appending("a"))
    let model = try directory.makeDirectory("model")
    try write("2", to: model.appending("b"))
    #expect(try scratch.names().allSatisfy { $0.hasPrefix(".out.partial-") })
    try directory.commit()
    #expect(try scratch.names() == ["out"])
    #expect(try contents(destination.appending("a")) == Array("1".utf8))
    #expect(try contents(destination.appending("model").appending("b")) == Array("2".utf8))
  }

  @Test("An error on the way leaves nothing behind")
  func failure() throws {
    struct Stop: Error {}
    func work() throws {
      let directory = try AtomicDirectory(destination)
      try write("1", to: directory.temporary.appending("a"))
      try write("2", to: try directory.makeDirectory("model").appending("b"))
      // A link out of the directory is removed, not what it leads to.
      try FileManager.default.createSymbolicLink(
        atPath: directory.temporary.appending("link").string, withDestinationPath: "../kept")
      throw Stop()
    }
    try scratch.write("kept/file", "x")
    #expect(throws: Stop.self) { try work() }
    #expect(try scratch.names() == ["kept"] && scratch.names("kept") == ["file"])
  }

  @Test("A destination that exists is refused before any work, whatever it is")
  func exists() throws {
    for kind in ["file", "directory", "dangling link"] {
      let path = scratch.path.appending(kind)
      switch kind {
      case "file": try scratch.write(kind, "x")
      case "directory": try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: false)
      default: try scratch.link(kind, to: "nowhere")
      }
      #expect(throws: OutputError.exists(path)) { try AtomicDirectory(path) }
      #expect(throws: OutputError.exists(path)) { try AtomicFile(path) }
    }
    #expect(OutputError.exists(destination).exitCode == .cannotCreate)
    #expect(try scratch.names() == ["dangling link", "directory", "file"])
  }

  @Test("A destination that somebody else makes meanwhile is kept, and the own work is removed")
  func race() throws {
    func work() throws {
      let directory = try AtomicDirectory(destination)
      try write("mine", to: directory.temporary.appending("a"))
      try scratch.write("out/a", "theirs")
      try directory.commit()
    }
    #expect(throws: OutputError.exists(destination)) { try work() }
    #expect(try scratch.names() == ["out"] && contents(destination.appending("a")) == Array("theirs".utf8))
  }

  @Test("A path that ends in no name is refused as a mistake of the command line; nothing is created")
  func noName() throws {
    let inside = ["", ".", "..", "new/.", "new/..", "./"].map { scratch.path.pushing(FilePath($0)) }.dropFirst()
    for path in ["", ".", "..", "/", "a/..", "./"] + inside {
      #expect(throws: OutputError.noName(path)) { try AtomicDirectory.check(path) }
      #expect(throws: OutputError.noName(path)) { try AtomicDirectory(path) }
      #expect(throws: OutputError.noName(path)) { try AtomicFile(path) }
      #expect(throws: OutputError.noName(path)) { try AtomicFile(path, replacing: true) }
    }
    #expect(OutputError.noName("").exitCode == .usage && OutputError.noName("").subject == "output \"\"")
    #expect(try scratch.names().isEmpty)
    // A name with dots is a name, and a slash at its end changes nothing.
    for name in ["...", ".hidden", "out/"] { try AtomicDirectory.check(scratch.path.pushing(FilePath(name))) }
  }

  @Test("A parent that does not exist is refused with the command that makes it; checking creates nothing")
  func noParent() throws {
    let path = destination.appending("model")
    #expect(throws: OutputError.noParent(path)) { try AtomicDirectory(path) }
    #expect(throws: OutputError.noParent(path)) { try AtomicDirectory.check(path) }
    #expect(throws: OutputError.noParent(path)) { try AtomicFile(path) }
    #expect(throws: OutputError.noParent(path)) { try OutputFile(path: path) }
    #expect(OutputError.noParent(path).remedy.contains("mkdir -p \(destination)"))
    try AtomicDirectory.check(destination)
    #expect(try scratch.names().isEmpty)
  }

  @Test("A directory without the right to write is refused", .enabled(if: geteuid() != 0, "root may write everywhere"))
  func notWritable() throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: scratch.path.string)
    #expect(throws: OutputError.cannotCreate(destination, .permissionDenied)) { try AtomicDirectory(destination) }
    #expect(OutputError.cannotCreate(destination, .permissionDenied).remedy.contains("may write"))
  }

  @Test("What a killed run left of the same output is removed, and nothing that is being written or is another's")
  func remains() throws {
    let others = [".out2.partial-x", ".out.checkpoint", "out.partial-x"]
    for name in others + [".out.partial-file"] { try scratch.write(name, "") }
    try scratch.write(".out.partial-directory/model/a", "1")
    let first = try AtomicDirectory(destination)
    #expect(try Set(scratch.names()) == Set(others + [first.temporary.lastComponent!.string]))
    try write("1", to: first.temporary.appending("a"))
    let second = try AtomicFile(destination)
    let third = try AtomicDirectory(destination)
    #expect(FileSystem.exists(first.temporary.appending("a")) && FileSystem.exists(second.output.path))
    try first.commit()
    withExtendedLifetime((second, third)) {}
  }

  @Test("A name that leaves no room for what marks an incomplete output is refused before anything is made")
  func longName() throws {
    let fits = scratch.path.appending(String(repeating: "n", count: 232))
    try AtomicDirectory.check(fits)
    try AtomicDirectory(fits).commit()
    let long = scratch.path.appending(String(repeating: "n", count: 233))
    #expect(throws: OutputError.cannotCreate(long, .fileNameTooLong)) { try AtomicDirectory.check(long) }
    #expect(throws: OutputError.cannotCreate(long, .fileNameTooLong)) { try AtomicFile(long) }
  }

  @Test("A file appears with its commit, and without one not at all")
  func file() throws {
    do {
      let file = try AtomicFile(destination)
      try file.output.write("lost")
    }
    #expect(try scratch.names().isEmpty)
    let file = try AtomicFile(destination)
    try file.output.write("kept")
    #expect(try scratch.names().allSatisfy { $0.hasPrefix(".out.partial-") })
    try file.commit()
    #expect(try scratch.names() == ["out"] && contents(destination) == Array("kept".utf8))
  }

  @Test("A file is replaced only where that was asked for")
  func replacing() throws {
    try scratch.write("out", "old")
    do {
      let file = try AtomicFile(destination, replacing: true)
      try file.output.write("new")
      #expect(try contents(destination) == Array("old".utf8))
      try file.commit()
    }
    #expect(try contents(destination) == Array("new".utf8))
    try FileSystem.removeFile(destination)
    func work() throws {
      let file = try AtomicFile(destination)
      try scratch.write("out", "theirs")
      try file.commit()
    }
    #expect(throws: OutputError.exists(destination)) { try work() }
    #expect(try scratch.names() == ["out"] && contents(destination) == Array("theirs".utf8))
  }

  @Test("Small and large writes come out in order")
  func buffering() throws {
    let output = try OutputFile(path: destination)
    var expected: [UInt8] = []
    for (index, count) in [3, 1 << 20, 5, (1 << 20) - 7, 100, 3 << 20, 0, 1].enumerated() {
      let piece = [UInt8](repeating: UInt8(index), count: count)
      try output.write(piece)
      expected += piece
    }
    #expect(output.byteCount == expected.count)
    try output.close()
    let written = try contents(destination)
    #expect(differences(written, expected) == [])
  }

  @Test("Every failure of the system has its own advice")
  func remedies() {
    let codes: [Errno] = [
      .noSpace, .diskQuotaExceeded, .permissionDenied, .readOnlyFileSystem, .ioError, .fileTooLarge,
    ]
    #expect(Set(codes.map { OutputError.cannotWrite("x", $0).remedy }).count == codes.count)
    for code in codes { #expect(OutputError.cannotWrite("x", code).problem.contains("\(code)")) }
  }
}

@Suite("Tokenizer files and model cards")
struct CompanionFileTests {
  @Test("All tokenizer files that exist are copied unchanged, through links; others are not")
  func tokenizer() throws {
    let scratch = try Scratch()
    try scratch.write("blobs/1", [0, 255, 10])
    try scratch.link("from/vocab.txt", to: "../blobs/1")
    try scratch.write("from/tokenizer.json", "{}")
    try scratch.write("from/model.safetensors", "x")
    try scratch.write("to/config.json", "{}")
    let copied = try TokenizerFiles.copy(from: scratch.path.appending("from"), to: scratch.path.appending("to"))
    #expect(copied.sorted() == ["tokenizer.json", "vocab.txt"])
    #expect(try scratch.names("to") == ["config.json", "tokenizer.json", "vocab.txt"])
    #expect(try contents(scratch.path.appending("to").appending("vocab.txt")) == [0, 255, 10])
    #expect(FileSystem.kind(scratch.path.appending("to").appending("vocab.txt"), followingLinks: false) == .file)
    try scratch.link("from/spm.model", to: "nowhere")
    #expect(throws: FileAccessError.missing(scratch.path.appending("from").appending("spm.model"))) {
      try TokenizerFiles.copy(from: scratch.path.appending("from"), to: scratch.path)
    }
  }

  @Test("A model card has the hub's front matter, the recipe, the command and the hashes")
  func card() {
    let card = ModelCard(
      title: "merged", summary: "A merge.", baseModels: ["org/a", "./my model: x", "true"],
      recipe: "merge_method: linear\n", command: "fishermerge merge r.yml", inputs: [.init(name: "a|b", sha256: "00ff")]
    )
    #expect(
      card.markdown == """
        ---
        base_model:
        - org/a
        - "./my model: x"
        - "true"
        library_name: transformers
        pipeline_tag: text-classification
        tags:
        - merge
        ---

        # merged

        A merge.

        ## Recipe

        ```yaml
        merge_method: linear
        ```

        ## Command

        ```sh
        fishermerge merge r.yml
        ```

        ## Inputs

        | file | SHA-256 |
        |---|---|
        | a\\|b | `00ff` |

        """)
  }

  @Test(
    "Names and paths stand for themselves in a model card",
    arguments: [
      ("models/a_b/model.safetensors", "models/a_b/model.safetensors"), ("_x_ y_", "\\_x_ y_"),
      ("<img src=x onerror=alert(1)>", "\\<img src=x onerror=alert(1)\\>"), ("[a](b)", "\\[a\\](b)"),
      ("a`b*c|d", "a\\`b\\*c\\|d"), ("a\n# b\r", "a\\\\n\\# b\\\\r"), ("&lt;", "\\&lt;"), ("\u{202E}x", "\\\\u{202E}x"),
    ])
  func markdown(text: String, escaped: String) {
    #expect(ModelCard.escaped(text) == escaped)
  }

  @Test(
    "Front matter quotes what YAML does not take as it stands",
    arguments: [
      ("a\u{85}b", #""a\u0085b""#), ("a\u{2028}b", #""a\u2028b""#), ("a\u{7F}", #""a\u007f""#),
      ("a\n- b", #""a\n- b""#),
      ("\u{FEFF}a", #""\ufeffa""#), ("é😀", "\"é😀\""),
    ])
  func scalars(text: String, quoted: String) {
    #expect(ModelCard.scalar(text) == quoted)
  }

  @Test("A recipe cannot close its own block")
  func fences() {
    #expect(ModelCard.block("a ```` b", language: "yaml") == ["`````yaml", "a ```` b", "`````"])
  }
}
