import SystemPackage

/// A mapped file with tensors of a model: safetensors or a pickle.
package protocol WeightFile: Sendable {
  var mapped: MappedFile { get }
  /// All tensors in the order of the file.
  var storedTensors: [StoredTensor] { get }
  /// Where the file says what it holds, in bytes from its start: files that agree there and in length are taken for
  /// one.
  var headerRanges: [Range<Int>] { get }
  /// Tensors that do not lie in the file as they are used, in memory of this process.
  var copies: [MappedFile] { get }
}

extension WeightFile {
  package var path: FilePath { mapped.path }

  /// The SHA-256 of what the file says of its contents, in hexadecimal.
  package var headerHash: String {
    var hash = SHA256()
    for range in headerRanges { hash.update(bufferPointer: mapped[range]) }
    return hash.finalize().hexadecimal
  }

  /// What to keep while views of the tensors are used.
  package var owners: [MappedFile] { [mapped] + copies }

  /// The memory that ``copies`` take.
  package var copiedBytes: Int { copies.reduce(0) { $0 + $1.bytes.count } }
}

extension SafetensorsFile: WeightFile {
  package var headerRanges: [Range<Int>] { [0..<(tensors.map(\.byteRange.lowerBound).min() ?? mapped.bytes.count)] }
  package var copies: [MappedFile] { [] }
}
