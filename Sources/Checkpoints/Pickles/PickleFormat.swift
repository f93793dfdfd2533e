/// What a file is that should be a pickle of tensors in a zip archive and is not.
package enum PickleFormat: Sendable, Equatable, CaseIterable {
  case empty
  /// A tar archive, as the first versions of torch wrote.
  case tar
  /// Several pickles and the storages behind them, as torch wrote before version 1.6.
  case beforeZip
  case plainPickle
  /// An archive with a program in it.
  case torchScript
  case pointer
  case safetensors
  case unknown

  /// The first bytes of a file that torch wrote before version 1.6 are a pickle of this number, the lowest byte first.
  private static let magic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  /// What the first bytes of a file say; nil for a zip archive.
  static func of(_ bytes: UnsafeRawBufferPointer) -> PickleFormat? {
    if bytes.isEmpty { return .empty }
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return nil }
    // Before pickles: the length of the header may begin with any byte.
    if bytes.dropFirst(8).first == UInt8(ascii: "{"), bytes.dropFirst(4).prefix(4).allSatisfy({ $0 == 0 }) {
      return .safetensors
    }
    if bytes.first == 0x80 {
      // Behind the protocol, and the frame that newer protocols have.
      let isOld = [2, 11].contains { bytes.dropFirst($0).starts(with: magic) }
      return isOld ? .beforeZip : .plainPickle
    }
    if bytes.starts(with: MappedFile.pointerStart.utf8) { return .pointer }
    if bytes.dropFirst(257).starts(with: "ustar".utf8) { return .tar }
    return .unknown
  }

  var problem: String {
    switch self {
    case .empty: "the file is empty"
    case .tar: "this is a tar archive, as the first versions of torch wrote; only its zip archives are read"
    case .beforeZip: "this is a pickle as torch wrote it before version 1.6; only its zip archives are read"
    case .plainPickle: "this is a pickle alone, not a zip archive as torch.save writes it"
    case .torchScript: "this is a TorchScript archive, a program with its weights; only weights are read"
    case .pointer: "this is a pointer of Git LFS: the file itself was never fetched"
    case .safetensors: "this is a safetensors file under the name of a pickle"
    case .unknown: "this is no zip archive as torch.save writes it"
    }
  }

  var remedy: String {
    switch self {
    case .empty, .unknown: "check that it is a file of weights; else fetch it again"
    case .tar:
      "where you trust its author, save it again in Python: torch.save(torch.load(file, weights_only=False), file)"
    case .beforeZip:
      "convert it once in Python: torch.save(torch.load(file, weights_only=True), file); or load the model with "
        + "transformers and call model.save_pretrained(directory), which writes model.safetensors"
    case .plainPickle, .torchScript:
      "load the model with the program that wrote it, and call model.save_pretrained(directory), which writes "
        + "model.safetensors"
    case .pointer: "run `git lfs pull` in the clone, or download the file"
    case .safetensors: "name it model.safetensors"
    }
  }
}
