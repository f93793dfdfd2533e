import SystemPackage

/// A file of tensors that `torch.save` wrote (`pytorch_model.bin`), mapped, with every rule checked that its tensors
/// depend on.
///
/// The format: a zip archive with the entries `NAME/data.pkl`, a pickle of the dictionary of tensors; `NAME/data/KEY`,
/// the numbers of a storage; `NAME/byteorder` and `NAME/version`. The pickle is interpreted by ``PickleMachine``, which
/// calls nothing. Tensors that lie in their storage without gaps are used where they are mapped; of the others copies
/// are made when the file is opened, together no larger than the file.
package struct PickleFile: WeightFile {
  /// The longest pickle that is read, in bytes: that of some 150 000 tensors.
  package static let maximumPickleBytes = 25_000_000

  package let mapped: MappedFile
  package let storedTensors: [StoredTensor]
  /// The pickle, and the archive's directory with the checksums of all entries.
  package let headerRanges: [Range<Int>]
  package let copies: [MappedFile]

  /// Maps the file and interprets its pickle; of the tensors only those are read that have to be copied.
  package init(path: FilePath) throws(PickleError) {
    let mapped: MappedFile
    do throws(FileAccessError) { mapped = try MappedFile(path: path) } catch { throw .unreadable(error) }
    try self.init(mapped)
  }

  package init(_ mapped: MappedFile) throws(PickleError) {
    let path = mapped.path
    if let format = PickleFormat.of(mapped.bytes) { throw .format(path, format) }
    let archive: ZipArchive
    do throws(ZipDefect) { archive = try ZipArchive(mapped.bytes) } catch { throw .archive(path, error) }
    let (folder, pickle) = try Self.pickle(of: archive, in: mapped)

    var machine = PickleMachine(mapped[pickle])
    let value: PickleValue
    do throws(PickleDefect) { value = try machine.run() } catch {
      throw .pickle(path, offset: machine.position, error)
    }
    var gathering = PickledTensors(archive, folder: folder, in: mapped)
    var tensors: [StoredTensor] = []
    for (name, tensor) in try Self.tensors(of: value, machine, path) {
      tensors.append(
        try gathering.stored(
          name, tensor, shape: machine.integers(tensor.shape), strides: machine.integers(tensor.strides)))
    }
    self.mapped = mapped
    storedTensors = tensors
    headerRanges = [pickle, archive.directory]
    copies = gathering.copies
  }

  /// Finds the pickle, and checks what the archive says of itself.
  private static func pickle(
    of archive: ZipArchive, in mapped: MappedFile
  ) throws(PickleError) -> (folder: String, Range<Int>) {
    let path = mapped.path
    let folder = archive.entries.first.map { String($0.name.prefix { $0 != "/" }) } ?? ""
    let names = archive.entries.map { $0.name.utf8.dropFirst(folder.utf8.count) }
    guard !names.contains(where: { $0.elementsEqual("/constants.pkl".utf8) || $0.starts(with: "/code/".utf8) }) else {
      throw .format(path, .torchScript)
    }
    if let entry = archive.entries.first(where: { $0.method != 0 }) {
      throw .archive(path, .compressed(entry.name, method: entry.method))
    }
    guard let pickle = archive["\(folder)/data.pkl"] else { throw .noEntry(path, entry: "\(folder)/data.pkl") }
    func text(_ name: String) -> String? {
      archive["\(folder)/\(name)"].map { String(decoding: mapped[$0.range].prefix(40), as: UTF8.self) }
    }
    if let order = text("byteorder"), order != "little" { throw .byteOrder(path, found: order) }
    guard let version = text("version") else { throw .noEntry(path, entry: "\(folder)/version") }
    guard let number = Int(version.hasSuffix("\n") ? version.dropLast() : version[...]), (1...10).contains(number)
    else {
      throw .version(path, found: version)
    }
    guard pickle.range.count <= maximumPickleBytes else {
      throw .tooLong(path, bytes: pickle.range.count, limit: maximumPickleBytes)
    }
    return (folder, pickle.range)
  }

  /// The members of a dictionary from names to tensors, in its order.
  private static func tensors(
    of value: PickleValue, _ machine: PickleMachine, _ path: FilePath
  ) throws(PickleError) -> [(String, PickledTensor)] {
    guard case .dictionary(let dictionary) = value else { throw .notDictionary(path, found: value.kind) }
    var tensors: [(String, PickledTensor)] = []
    var names: Set<[UInt8]> = []
    for (key, value) in machine.dictionaries[dictionary] {
      // First, since whatever else a training program saves stands beside it.
      if case .text(let name) = key, case .dictionary(let inner) = value, machine.holdsTensors(inner) {
        throw .wrapped(path, key: name)
      }
    }
    for (key, value) in machine.dictionaries[dictionary] {
      guard case .text(let name) = key else { throw .notText(path, found: key.kind) }
      guard case .tensor(let tensor) = value else { throw .notTensor(path, key: name, found: value.kind) }
      tensors.append((name, machine.tensors[tensor]))
      guard names.insert(Array(name.utf8)).inserted else { throw .duplicate(path, tensor: name) }
    }
    return tensors
  }
}
