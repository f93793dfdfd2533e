import SystemPackage
import Testing

@testable import Checkpoints

@Suite("Pickles of torch: tensors")
struct PickleFileTests {
  /// Every tensor by its name with type, shape and bytes.
  private func table(_ tensors: [StoredTensor]) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: tensors.map { ($0.name, "\($0.type) \($0.shape) \($0.bytes.hexadecimal)") })
  }

  @Test(
    "The tensors are those of the safetensors twin, bit for bit",
    arguments: [
      ("types", "types"), ("views", "views"), ("state", "state"), ("protocol2", "protocol"), ("protocol3", "protocol"),
      ("protocol4", "protocol"), ("protocol5", "protocol"), ("zip32", "protocol"), ("old", "protocol"),
    ])
  func twins(_ name: String, _ twin: String) throws {
    let file = try PickleFile(path: committed("\(name).bin"))
    let (found, expected) = (
      table(file.storedTensors), table(try SafetensorsFile(path: committed("\(twin).safetensors")).storedTensors)
    )
    #expect(found.keys.sorted() == expected.keys.sorted() && !found.isEmpty)
    for (name, value) in expected { #expect(found[name] == value, "\(name)") }
  }

  @Test("Only what does not lie as it is used is copied, and what is shared once")
  func copies() throws {
    let file = try PickleFile(path: committed("views.bin"))
    let copied = file.storedTensors.filter { $0.file !== file.mapped }.map(\.name).sorted()
    #expect(
      copied == [
        "column", "every_third", "expanded", "expanded_scalar", "integers", "middle", "permuted", "single",
        "tied_transposed", "transposed",
      ])
    #expect(file.copies.count == copied.count - 1)
    #expect(file.owners.count == copied.count && file.copiedBytes == file.copies.reduce(0) { $0 + $1.bytes.count })
    func tensor(_ name: String) throws -> StoredTensor { try #require(file.storedTensors.first { $0.name == name }) }
    #expect(try tensor("whole").description.byteRange == tensor("tied").description.byteRange)
    #expect(try tensor("transposed").file === tensor("tied_transposed").file)
    // Used where it is mapped, as the data of torch's archives are aligned; and copies as well.
    for name in ["whole", "rows", "transposed"] { #expect(try tensor(name).matrix != nil) }
    #expect(try PickleFile(path: committed("protocol2.bin")).copies.isEmpty)
  }

  @Test("The same view under two element sizes is two copies")
  func unlikeViews() throws {
    var (single, double) = (TensorFixture(), TensorFixture())
    (single.shape, single.strides, single.name) = ([2], [2], "f")
    (double.shape, double.strides, double.name) = ([2], [2], "d")
    (double.storage, double.count) = ("DoubleStorage", 3)
    let pickle =
      [0x80, 2, 0x7D, 0x28] + TensorFixture.text("f") + single.tensor + TensorFixture.text("d")
      + double.tensor + Array("u.".utf8)
    let data = (0..<24).map { UInt8($0) }
    let file = try read(ZipFixture(pickle: pickle, storages: [data]).bytes)
    #expect(Array(file.storedTensors[0].bytes) == Array(data[0..<4] + data[8..<12]))
    #expect(Array(file.storedTensors[1].bytes) == Array(data[0..<8] + data[16..<24]))
  }

  @Test("The strides of dimensions of one element mean nothing")
  func singleElements() throws {
    var fixture = TensorFixture()
    (fixture.shape, fixture.strides) = ([1, 6, 1], [.max, 1, .max])
    #expect(try read(fixture.archive.bytes).copies.isEmpty)
    (fixture.shape, fixture.strides) = ([2, 1, 2, 1], [1, .max, 2, .max])
    var archive = fixture.archive
    archive.entries[2].data = (0..<24).map { $0 / 4 }
    let tensor = try read(archive.bytes).storedTensors[0]
    #expect(Array(tensor.bytes) == [0, 2, 1, 3].flatMap { Array(repeating: UInt8($0), count: 4) })
  }

  @Test("Files that agree in length and not in a weight are told apart by their checksums")
  func headers() throws {
    let original = try contents(committed("protocol2.bin"))
    let file = try read(original)
    #expect(file.headerHash == (try PickleFile(path: committed("protocol2.bin"))).headerHash)
    var changed = original
    // The last byte of the directory's first entry's CRC-32.
    changed[file.headerRanges[1].lowerBound + 16] ^= 1
    #expect(try read(changed).headerHash != file.headerHash)
    changed = original
    // The name of the first tensor.
    let name = try #require(original.indices.first { original[$0...].starts(with: "0.weight".utf8) })
    changed[name] = UInt8(ascii: "7")
    #expect(try read(changed).headerHash != file.headerHash)
  }

  @Test(
    "What torch writes and is no dictionary of plain tensors is refused by name, with what to do",
    arguments: [
      ("system2", "posix.system"), ("system4", "posix.system"), ("eval2", "__builtin__.eval"),
      ("eval4", "builtins.eval"), ("inst", "posix.system"), ("obj", "posix.system"), ("newobj", "NEWOBJ"),
      ("attributes", "collections.OrderedDict.fromkeys.call"), ("array", "numpy"),
      ("object", "torch.nn.modules.linear.Linear"),
      ("sparse", "_rebuild_sparse_tensor"), ("quantised", "torch._utils._rebuild_qtensor"),
      ("complex128", "torch.ComplexDoubleStorage"),
      ("conjugate", "conjugate"), ("negative", "negative"), ("meta", "_rebuild_meta_tensor_no_storage"),
      ("compressed", "compressed"),
    ])
  func refused(_ name: String, _ words: String) throws {
    let error = #expect(throws: PickleError.self) { try PickleFile(path: committed("\(name).bin")) }
    #expect(error?.problem.contains(words) == true && error?.exitCode == .badInput, "\(error?.problem ?? "")")
    #expect(error?.remedy.contains("save") == true, "\(error?.remedy ?? "")")
  }

  @Test(
    "Files of other formats are called what they are",
    arguments: [
      ("before-zip", PickleFormat.beforeZip), ("before-zip4", .beforeZip), ("plain", .plainPickle), ("tar", .tar),
      ("torchscript", .torchScript), ("types.safetensors", .safetensors),
    ])
  func formats(_ name: String, _ format: PickleFormat) throws {
    let path = committed(name.hasSuffix(".safetensors") ? name : "\(name).bin")
    #expect(throws: PickleError.format(path, format)) { try PickleFile(path: path) }
  }

  @Test("An empty file, a pointer of Git LFS, and what nobody knows are called that")
  func noFormats() throws {
    let path = FilePath("pytorch_model.bin")
    for (text, format) in [
      ("", PickleFormat.empty), ("version https://git-lfs.github.com/spec/v1\noid", .pointer), ("<html>", .unknown),
      ("P", .unknown), ("12345678{", .unknown),
      ("1234\0\0\0\0{", .safetensors),
    ] {
      #expect(throws: PickleError.format(path, format)) { try read(Array(text.utf8)) }
    }
    // A header's length may begin as a pickle does.
    #expect(throws: PickleError.format(path, .safetensors)) {
      try read([0x80, 2, 0, 0, 0, 0, 0, 0] + Array("{".utf8))
    }
    let absent = FilePath("/absent/pytorch_model.bin")
    #expect(throws: PickleError.unreadable(.missing(absent))) { try PickleFile(path: absent) }
    for format in PickleFormat.allCases { #expect(!format.problem.isEmpty && !format.remedy.isEmpty) }
  }

  @Test("What is no dictionary from names to tensors is refused by what it is")
  func dictionaries() throws {
    let path = committed("wrapped.bin")
    let wrapped = PickleError.wrapped(path, key: "state_dict")
    // The number before it does not hide it: it is not at fault.
    #expect(throws: wrapped) { try PickleFile(path: path) }
    #expect(wrapped.remedy.contains(#"["state_dict"]"#))
    #expect(throws: PickleError.notDictionary(committed("list.bin"), found: "a list")) {
      try PickleFile(path: committed("list.bin"))
    }
    #expect(throws: PickleError.notTensor(committed("number.bin"), key: "epoch", found: "an integer")) {
      try PickleFile(path: committed("number.bin"))
    }
    let file = FilePath("pytorch_model.bin")
    #expect(throws: PickleError.notText(file, found: "an integer")) {
      try read(ZipFixture(pickle: [0x80, 2] + Array("}K\u{1}Ns.".utf8)).bytes)
    }
    let twice =
      [0x80, 2, 0x7D, 0x28] + TensorFixture.text("w") + TensorFixture().tensor + TensorFixture.text("w")
      + TensorFixture().tensor + Array("u.".utf8)
    #expect(throws: PickleError.duplicate(file, tensor: "w")) {
      try read(ZipFixture(pickle: twice, storages: [Array(repeating: 0, count: 24)]).bytes)
    }
  }

  // MARK: What a tensor says of its storage

  private func expect(
    _ error: PickleError, _ edit: (inout TensorFixture) -> Void, _ location: SourceLocation = #_sourceLocation
  ) {
    var fixture = TensorFixture()
    edit(&fixture)
    let bytes = fixture.archive.bytes
    #expect(throws: error, sourceLocation: location) { try read(bytes) }
    #expect(error.subject == "pytorch_model.bin, tensor w", sourceLocation: location)
  }

  @Test("A tensor reaches no byte beyond its storage, whatever its numbers are")
  func bounds() throws {
    let file = FilePath("pytorch_model.bin")
    #expect(try read(TensorFixture().archive.bytes).storedTensors[0].shape == [2, 3])
    func outside(_ offset: Int, _ shape: [Int], _ strides: [Int]) {
      expect(
        .outsideStorage(file, tensor: "w", shape: shape, strides: strides, offset: offset, elements: 6)
      ) { ($0.offset, $0.shape, $0.strides) = (offset, shape, strides) }
    }
    outside(1, [2, 3], [3, 1])
    outside(0, [2, 3], [4, 1])
    outside(0, [7], [1])
    outside(6, [], [])
    outside(7, [0], [1])
    outside(.max, [], [])
    outside(.max, [2], [1])
    outside(0, [2], [.max])
    outside(0, [3], [.max])
    outside(1, [2], [.max])
    for (shape, strides, offset) in [([Int](), [Int](), 5), ([0, .max], [1, 1], 6), ([1, 3], [.max, 2], 1)] {
      var fixture = TensorFixture()
      (fixture.shape, fixture.strides, fixture.offset) = (shape, strides, offset)
      let tensor = try read(fixture.archive.bytes).storedTensors[0]
      #expect(tensor.shape == shape)
    }
    expect(.overflow(file, tensor: "w", shape: [.max, 2])) { ($0.shape, $0.strides) = ([.max, 2], [0, 0]) }
    expect(.overflow(file, tensor: "w", shape: [.max])) { ($0.shape, $0.strides) = ([.max], [0]) }
  }

  @Test("A storage is an entry with as many bytes as it is said to have")
  func storages() throws {
    let file = FilePath("pytorch_model.bin")
    expect(.noStorage(file, tensor: "w", entry: "a/data/1")) { $0.key = "1" }
    expect(.noStorage(file, tensor: "w", entry: "a/data/../data.pkl")) { $0.key = "../data.pkl" }
    expect(.storageLength(file, tensor: "w", expected: 20, found: 24)) { $0.count = 5 }
    expect(.storageLength(file, tensor: "w", expected: 28, found: 24)) { $0.count = 7 }
    expect(.storageLength(file, tensor: "w", expected: .max, found: 24)) { $0.count = .max / 2 }
    expect(.storageLength(file, tensor: "w", expected: 48, found: 24)) { $0.storage = "DoubleStorage" }
  }

  @Test("A few numbers that stand for very many are not copied")
  func repeated() throws {
    let file = FilePath("pytorch_model.bin")
    var fixture = TensorFixture()
    (fixture.shape, fixture.strides) = ([100], [0])
    #expect(try read(fixture.archive.bytes).storedTensors[0].bytes.count == 400)
    fixture.shape = [1 << 40]
    let bytes = fixture.archive.bytes
    #expect(throws: PickleError.repeated(file, tensor: "w", limit: bytes.count)) { try read(bytes) }
    // Two that are each allowed, and not together. The pickle is as long whatever its numbers are.
    func two(_ first: Int, _ second: Int) -> [UInt8] {
      var (one, other) = (TensorFixture(), TensorFixture())
      (one.shape, one.strides, other.shape, other.strides) = ([first], [0], [second], [0])
      let pickle =
        [0x80, 2, 0x7D, 0x28] + TensorFixture.text("v") + one.tensor + TensorFixture.text("w") + other.tensor
        + Array("u.".utf8)
      return ZipFixture(pickle: pickle, storages: [Array(repeating: 0, count: 24)]).bytes
    }
    let limit = two(2, 2).count
    _ = try read(two(limit / 8, limit / 8 - 1))
    #expect(throws: PickleError.repeated(file, tensor: "w", limit: limit)) {
      try read(two(limit / 8 + 1, limit / 8 + 2))
    }
  }
}
