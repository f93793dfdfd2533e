extension Seeds {
  /// Pickles of dictionaries of tensors as `torch.save` writes them, with protocol 2 and with protocol 4.
  static let pickles: [[UInt8]] = {
    let storage = "(\(text("storage"))ctorch\nFloatStorage\n\(text("0"))\(text("cpu"))K\u{6}tQ"
    let ordered = "ccollections\nOrderedDict\n)R"
    let rebuild = "ctorch._utils\n_rebuild_tensor_v2\n"
    // Stored one after the other, transposed, a parameter, and the state that modules' dictionaries have.
    let whole = "\(rebuild)q\u{0}(\(storage)q\u{1}K\u{0}K\u{2}K\u{3}\u{86}K\u{3}K\u{1}\u{86}\u{89}\(ordered)tR"
    let transposed = "h\u{0}(h\u{1}K\u{0}K\u{3}K\u{2}\u{86}K\u{1}K\u{3}\u{86}\u{89}NtR"
    let parameter =
      "ctorch._utils\n_rebuild_parameter\nh\u{0}(h\u{1}K\u{1}K\u{2}\u{85}K\u{1}\u{85}\u{89}NtR\u{88}N\u{87}R"
    let state = "}\(text("_metadata"))\(ordered)sb"
    let two =
      "\u{80}\u{2}\(ordered)(\(text("a"))\(whole)\(text("b"))\(transposed)\(text("c"))\(parameter)u\(state)."
    let bytes =
      "(\u{8c}\u{7}storage\u{8c}\u{d}torch.storage\u{8c}\u{e}UntypedStorage\u{93}\u{8c}\u{1}1\u{8c}\u{3}cpuK\u{8}tQ"
    let four =
      "\u{80}\u{4}\u{95}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}}\u{94}\u{8c}\u{1}t\u{8c}\u{c}torch._utils"
      + "\u{8c}\u{12}_rebuild_tensor_v3\u{93}\u{94}(\(bytes)K\u{0}M\u{2}\u{0}\u{85}\u{8a}\u{1}\u{1}\u{85}\u{89}}"
      + "\u{8c}\u{5}torch\u{8c}\u{5}int32\u{93}tRs."
    return [two, four].map { $0.unicodeScalars.map { UInt8($0.value) } }
  }()

  private static func text(_ text: String) -> String {
    "X\(Character(UnicodeScalar(UInt8(text.utf8.count))))\u{0}\u{0}\u{0}\(text)"
  }
}

/// An archive like torch's around a pickle, with a storage of six floats and one of eight bytes.
func torchArchive(_ pickle: [UInt8]) -> [UInt8] {
  func word(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  let entries: [(String, [UInt8])] = [
    ("m/data.pkl", pickle), ("m/byteorder", Array("little".utf8)), ("m/data/0", (0..<24).map { UInt8($0) }),
    ("m/data/1", [1, 0, 0, 0, 2, 0, 0, 0]), ("m/version", Array("3\n".utf8)),
  ]
  var (file, directory): ([UInt8], [UInt8]) = ([], [])
  for (name, data) in entries {
    let lengths = word(0, 4) + word(data.count, 4) + word(data.count, 4) + word(name.utf8.count, 2) + word(0, 2)
    directory += word(0x0201_4B50, 4) + word(20, 2) + word(20, 2) + word(0, 8) + lengths
    directory += word(0, 10) + word(file.count, 4) + Array(name.utf8)
    file += word(0x0403_4B50, 4) + word(20, 2) + word(0, 8) + lengths + Array(name.utf8) + data
  }
  let end = word(0x0605_4B50, 4) + word(0, 4) + word(entries.count, 2) + word(entries.count, 2)
  return file + directory + end + word(directory.count, 4) + word(file.count, 4) + word(0, 2)
}
