import SystemPackage

/// Writes the weights of a model directory, in one file or in several with an index, as `transformers` names them.
///
/// The files are `model.safetensors` where all tensors fit into one, else `model-0000k-of-0000N.safetensors` and
/// `model.safetensors.index.json`. One file is open at a time.
package final class ShardedWriter {
  /// The size above which `transformers` starts a new file.
  package static let defaultShardBytes = 5_000_000_000

  private let directory: FilePath
  private let metadata: [(key: String, value: String)]
  private let shards: [[TensorDeclaration]]
  /// The shard of each tensor.
  private let places: [String: Int]
  private var shard = 0
  private var writer: SafetensorsWriter?

  /// Opens the first file.
  ///
  /// - Parameters:
  ///   - tensors: in the order of their data; their names must be unique.
  ///   - maximumShardBytes: of tensor data in one file; a larger tensor gets a file for itself.
  package init(
    _ tensors: [TensorDeclaration], to directory: FilePath, metadata: [(key: String, value: String)] = [],
    maximumShardBytes: Int = defaultShardBytes
  ) throws(OutputError) {
    (self.directory, self.metadata) = (directory, metadata)
    shards = Self.shards(of: tensors, maximumBytes: maximumShardBytes)
    places = Dictionary(
      uniqueKeysWithValues: shards.enumerated().flatMap { index, shard in shard.map { ($0.name, index) } })
    try open()
  }

  /// Hands elements of a tensor to the writer of its file. Tensors are written in order, each in one call or in
  /// several.
  ///
  /// - Throws: what `body` throws, and ``OutputError``.
  package func write(_ name: String, _ body: (inout SafetensorsWriter) throws -> Void) throws {
    while shard < places[name] ?? shard { try openNext() }
    guard var current = writer.take() else { preconditionFailure("nothing is written after the end") }
    do {
      try body(&current)
    } catch {
      writer = consume current
      throw error
    }
    writer = consume current
  }

  /// Closes the last file and writes the index where there are several; an error where a tensor was not written
  /// completely.
  package func finish() throws(OutputError) {
    while shard + 1 < shards.count { try openNext() }
    if let last = writer.take() { try last.finish() }
    guard shards.count > 1 else { return }
    var weightMap: [JSON.Member] = places.map { .init(key: $0, value: .string(fileName($1))) }
    weightMap.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    let totalBytes = shards.joined().reduce(0) { $0 + $1.byteCount }
    let index: JSON = ["metadata": ["total_size": .integer(totalBytes)], "weight_map": .object(weightMap)]
    let output = try OutputFile(path: directory.appending("model.safetensors.index.json"))
    try output.write(index.serialized() + "\n")
    try output.close()
  }

  /// Writes all tensors, one after the other.
  ///
  /// - Parameter write: called once for each tensor, in order, to hand its elements to the writer.
  /// - Throws: ``OutputError`` and what `write` throws.
  package static func write(
    _ tensors: [TensorDeclaration], to directory: FilePath, metadata: [(key: String, value: String)] = [],
    maximumShardBytes: Int = defaultShardBytes,
    tensor write: (TensorDeclaration, inout SafetensorsWriter) throws -> Void
  ) throws {
    let writer = try ShardedWriter(
      tensors, to: directory, metadata: metadata, maximumShardBytes: maximumShardBytes)
    for tensor in tensors { try writer.write(tensor.name) { try write(tensor, &$0) } }
    try writer.finish()
  }

  private func openNext() throws(OutputError) {
    if let full = writer.take() { try full.finish() }
    shard += 1
    try open()
  }

  private func open() throws(OutputError) {
    writer = try SafetensorsWriter(
      to: OutputFile(path: directory.appending(fileName(shard))), tensors: shards[shard], metadata: metadata)
  }

  private func fileName(_ shard: Int) -> String {
    shards.count == 1 ? "model.safetensors" : Self.shardName(shard, of: shards.count)
  }

  /// The tensors of each file: as many as fit, in order; at least one file.
  static func shards(of tensors: [TensorDeclaration], maximumBytes: Int) -> [[TensorDeclaration]] {
    var shards: [[TensorDeclaration]] = [[]]
    var bytes = 0
    for tensor in tensors {
      if !shards[shards.count - 1].isEmpty, bytes + tensor.byteCount > maximumBytes {
        shards.append([])
        bytes = 0
      }
      shards[shards.count - 1].append(tensor)
      bytes += tensor.byteCount
    }
    return shards
  }

  private static func shardName(_ index: Int, of count: Int) -> String {
    func fiveDigits(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "model-\(fiveDigits(index + 1))-of-\(fiveDigits(count)).safetensors"
  }
}
