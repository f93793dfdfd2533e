import LinearAlgebra
import SystemPackage

/// All tensors of a model directory, from one file or from shards, under the names that `transformers` uses today.
package struct ModelWeights: Sendable {
  /// A tensor with its present-day name; `tensor.name` is the name in the file.
  package struct Entry: Sendable {
    package let name: String
    package let tensor: StoredTensor
  }

  package let directory: FilePath
  /// The files with the tensors: one, or the shards in the order of their names; all safetensors or all pickles.
  package let files: [any WeightFile]
  /// The parameters in the order of their names' bytes.
  package let parameters: [Entry]
  /// Integer tensors that models store beside their parameters (`*.position_ids`), in the order of their names.
  package let buffers: [Entry]

  /// Maps the weights, and checks that they fit together. Of several forms the first counts, as for `transformers`:
  /// `model.safetensors`, the shards of `model.safetensors.index.json`, `pytorch_model.bin`, the shards of
  /// `pytorch_model.bin.index.json`.
  package init(directory: FilePath) throws(WeightsError) {
    self.directory = directory
    self.files = try Self.files(in: directory)
    var entries: [Entry] = []
    for file in files {
      for tensor in file.storedTensors { entries.append(Entry(name: Self.currentName(tensor.name), tensor: tensor)) }
    }
    entries.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    for (first, second) in zip(entries, entries.dropFirst()) where first.name.utf8.elementsEqual(second.name.utf8) {
      throw .ambiguousName(
        directory, name: first.name, first: "\(first.tensor.name) in \(first.tensor.file.path)",
        second: "\(second.tensor.name) in \(second.tensor.file.path)")
    }
    self.parameters = entries.filter { !Self.isBuffer($0.tensor) }
    self.buffers = entries.filter { Self.isBuffer($0.tensor) }
  }

  /// The parameter with the present-day name `name`, nil where there is none.
  package subscript(name: String) -> StoredTensor? {
    // Names are compared by their bytes, as the format does; a dictionary would compare Unicode equivalence.
    var (low, high) = (0, parameters.count)
    while low < high {
      let middle = (low + high) / 2
      if parameters[middle].name.utf8.lexicographicallyPrecedes(name.utf8) { low = middle + 1 } else { high = middle }
    }
    guard low < parameters.count, parameters[low].name.utf8.elementsEqual(name.utf8) else { return nil }
    return parameters[low].tensor
  }

  /// The present-day names of all parameters, in order.
  package var names: [String] { parameters.map(\.name) }

  /// Throws for the first parameter with a NaN or an infinity. Reads all weights.
  package func requireFinite() throws(TensorAccessError) {
    for entry in parameters { try entry.tensor.requireFinite() }
  }

  /// Checkpoints converted from TensorFlow before 2020 call the parameters of LayerNorm gamma and beta.
  static func currentName(_ stored: String) -> String {
    for (legacy, current) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")]
    where stored == legacy || stored.hasSuffix("." + legacy) {
      return stored.dropLast(legacy.count) + current
    }
    return stored
  }

  /// Position numbers 0, 1, 2, … that older versions of `transformers` saved with the model.
  private static func isBuffer(_ tensor: StoredTensor) -> Bool {
    tensor.type == .int64 && (tensor.name == "position_ids" || tensor.name.hasSuffix(".position_ids"))
  }

  private static func files(in directory: FilePath) throws(WeightsError) -> [any WeightFile] {
    guard FileSystem.kind(directory) == .directory else { throw .noDirectory(directory) }
    for (name, open) in [("model.safetensors", openSafetensors), ("pytorch_model.bin", openPickle)] {
      let single = directory.appending(name)
      let index = directory.appending("\(name).index.json")
      // A link into a hub cache whose target is missing is reported as such by opening it.
      if FileSystem.kind(single, followingLinks: false) != nil { return [try open(single)] }
      if FileSystem.kind(index, followingLinks: false) != nil {
        return try ShardIndex(path: index).open(in: directory, open)
      }
    }
    throw .noWeights(directory)
  }

  private static func openSafetensors(_ path: FilePath) throws(WeightsError) -> any WeightFile {
    do throws(SafetensorsError) { return try SafetensorsFile(path: path) } catch { throw .safetensors(error) }
  }

  private static func openPickle(_ path: FilePath) throws(WeightsError) -> any WeightFile {
    do throws(PickleError) { return try PickleFile(path: path) } catch { throw .pickle(error) }
  }
}
