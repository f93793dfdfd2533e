import SystemPackage

/// `model.safetensors.index.json` or `pytorch_model.bin.index.json`: which tensors are in which shard of a model.
///
/// An index is foreign text that names files. A shard's name is a plain file name, and what it leads to lies where the
/// index's own files may lie (see ``open(in:)``): no index makes the program read elsewhere.
package struct ShardIndex: Sendable {
  package let path: FilePath
  /// The shards in the order of their names' bytes, each with the tensors that it is to hold.
  private let shards: [(name: String, tensors: Set<[UInt8]>)]

  /// The names of the shards in the order of their bytes.
  package var names: [String] { shards.map(\.name) }

  package init(path: FilePath) throws(WeightsError) {
    let json: JSON
    do throws(JSONFileError) { json = try JSON(contentsOf: path) } catch { throw .index(error) }
    try self.init(json, path: path)
  }

  package init(_ file: MappedFile) throws(WeightsError) {
    let json: JSON
    do throws(JSONFileError) { json = try JSON(file) } catch { throw .index(error) }
    try self.init(json, path: file.path)
  }

  private init(_ json: JSON, path: FilePath) throws(WeightsError) {
    self.path = path
    guard let members = json["weight_map"]?.members else { throw .malformedIndex(path, key: "weight_map") }
    // By bytes: two names that Swift's strings take for one are two files.
    var tensors: [[UInt8]: Set<[UInt8]>] = [:]
    for member in members {
      guard let shard = member.value.string else { throw .malformedIndex(path, key: "weight_map.\(member.key)") }
      guard Self.isPlainName(shard) else { throw .unsafeShard(path, tensor: member.key, shard: shard) }
      tensors[Array(shard.utf8), default: []].insert(Array(member.key.utf8))
    }
    guard !tensors.isEmpty else { throw .malformedIndex(path, key: "weight_map") }
    shards = tensors.sorted { $0.key.lexicographicallyPrecedes($1.key) }
      .map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
  }

  private static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
  }

  /// Maps the shards, and checks that they hold the tensors that the index places there and no others.
  ///
  /// A shard may be a symbolic link. It must lead into the model's directory; or to where the index itself lies, so
  /// that a directory of links to a model elsewhere works as the snapshots of a hub cache do, whose files are all links
  /// into `blobs`; or into the `blobs` of a model in a hub cache, where older versions of the hub's tool put the large
  /// files of a local directory.
  ///
  /// - Parameter open: maps one shard.
  func open(
    in directory: FilePath, _ open: (FilePath) throws(WeightsError) -> any WeightFile
  ) throws(WeightsError) -> [any WeightFile] {
    let places = [directory, FileSystem.realPath(path)?.removingLastComponent() ?? directory]
      .compactMap(FileSystem.realPath)
    var files: [any WeightFile] = []
    for (shard, names) in shards {
      let file = directory.appending(shard)
      guard let real = FileSystem.realPath(file) else { throw .missingShard(path, shard: shard) }
      guard places.contains(where: real.starts(with:)) || Self.isBlob(real) else {
        throw .outsideShard(path, shard: shard, target: real)
      }
      files.append(try check(try open(file), shard, names))
    }
    return files
  }

  /// Whether a path is `…/models--NAME/blobs/HASH`.
  private static func isBlob(_ path: FilePath) -> Bool {
    let names = path.components.suffix(3).map(\.string)
    return names.count == 3 && names[0].hasPrefix("models--") && names[1] == "blobs"
  }

  private func check(
    _ file: any WeightFile, _ shard: String, _ names: Set<[UInt8]>
  ) throws(WeightsError) -> any WeightFile {
    let stored = Set(file.storedTensors.map { Array($0.name.utf8) })
    if let name = names.subtracting(stored).min(by: { $0.lexicographicallyPrecedes($1) }) {
      throw .notInShard(path, tensor: String(decoding: name, as: UTF8.self), shard: shard)
    }
    if let name = stored.subtracting(names).min(by: { $0.lexicographicallyPrecedes($1) }) {
      throw .notInIndex(path, tensor: String(decoding: name, as: UTF8.self), shard: shard)
    }
    return file
  }
}
