import Checkpoints
import SystemPackage

extension HostileFile {
  /// Pickles that make much of little, and archives that are longer than they are.
  static let pickles: [HostileFile] =
    [
      HostileFile("pytorch_model.bin of 1 TB without an end") { folder in
        let path = folder.appending("pytorch_model.bin")
        try sparse(path, archive(of: []), size: terabyte)
        limitMemory(to: 16 << 20)
        _ = try PickleFile(path: path)
      }
    ]
    + [
      ("lists", [0x5D]), ("dictionaries", [0x7D, 0x85]), ("marks", [0x28]), ("empty tuples", [0x29]),
      ("nested tuples", [0x85]),
      ("strings", [0x8C, 0]), ("places of the memo", [0x94]), ("lists of one", [0x5D, 0x4E, 0x61]),
      ("lists of a list", [0x5D, 0x5D, 0x61]), ("dictionaries of one", [0x7D, 0x4E, 0x4E, 0x73]),
    ].map { (what: String, piece: [UInt8]) in
      HostileFile("pickle of many \(what)") { folder in
        let path = folder.appending("pytorch_model.bin")
        let count = large / piece.count * piece.count
        let program = [0x80, 2, 0x4E] + Array(repeatElement(piece, count: large / piece.count).joined()) + [0x2E]
        try sparse(path, archive(of: program), size: archive(of: program).count)
        limitMemory(to: pickleMultiple * count + 16 << 20)
        _ = try PickleFile(path: path)
      }
    }

  /// What `docs/file-formats.md` states.
  private static let pickleMultiple = 128

  /// An archive with a pickle and nothing else.
  private static func archive(of pickle: [UInt8]) -> [UInt8] {
    func word(_ value: Int, _ count: Int) -> [UInt8] { Array(littleEndian(UInt64(value)).prefix(count)) }
    let (names, contents) = (["m/data.pkl", "m/version"], [pickle, Array("3\n".utf8)])
    var (file, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, data) in zip(names, contents) {
      let lengths = word(0, 4) + word(data.count, 4) + word(data.count, 4) + word(name.utf8.count, 2) + word(0, 2)
      directory += word(0x0201_4B50, 4) + word(0, 12) + lengths + word(0, 10) + word(file.count, 4) + Array(name.utf8)
      file += word(0x0403_4B50, 4) + word(0, 10) + lengths + Array(name.utf8) + data
    }
    let end = word(0x0605_4B50, 4) + word(0, 4) + word(2, 2) + word(2, 2) + word(directory.count, 4)
    return file + directory + end + word(file.count, 4) + word(0, 2)
  }
}
