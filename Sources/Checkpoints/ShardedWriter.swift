import SystemPackage

/// Writes the weights of a model directory, in one file or in several with an index, as `transformers` names them.
package enum ShardedWriter {
  /// The size above which `transformers` starts a new file.
  package static let defaultShardBytes = 5_000_000_000

  /// Writes `tensors` into `directory`: `model.safetensors` where all fit into `maximumShardBytes`, else
  /// `model-0000k-of-0000N.safetensors` and `model.safetensors.index.json`.
  ///
  /// - Parameters:
  ///   - tensors: in the order of their data; their names must be unique.
  ///   - maximumShardBytes: of tensor data in one file; a larger tensor gets a file for itself.
  ///   - write: called once for each tensor, in order, to hand its elements to the writer.
  /// - Throws: ``OutputError`` and what `write` throws.
  package static func write(
    _ tensors: [TensorDeclaration], to directory: FilePath, metadata: [(key: String, value: String)] = [],
    maximumShardBytes: Int = defaultShardBytes,
    tensor write: (TensorDeclaration, inout SafetensorsWriter) throws -> Void
  ) throws {
    let shards = shards(of: tensors, maximumBytes: maximumShardBytes)
    var weightMap: [JSON.Member] = []
    for (index, shard) in shards.enumerated() {
      let name = shards.count == 1 ? "model.safetensors" : shardName(index, of: shards.count)
      var writer = try SafetensorsWriter(
        to: OutputFile(path: directory.appending(name)), tensors: shard, metadata: metadata)
      for tensor in shard {
        try write(tensor, &writer)
        weightMap.append(.init(key: tensor.name, value: .string(name)))
      }
      try writer.finish()
    }
    guard shards.count > 1 else { return }
    let totalBytes = tensors.reduce(0) { $0 + $1.byteCount }
    weightMap.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    let index: JSON = ["metadata": ["total_size": .integer(totalBytes)], "weight_map": .object(weightMap)]
    let output = try OutputFile(path: directory.appending("model.safetensors.index.json"))
    try output.write(index.serialized() + "\n")
    try output.close()
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
