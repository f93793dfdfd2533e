import SystemPackage

/// A safetensors file, mapped, with every rule of the format checked.
///
/// The format: eight bytes of header length (little-endian), the header (a JSON object from tensor names to type,
/// shape and offsets), then the data of all tensors without gaps.
package struct SafetensorsFile: Sendable {
  /// The longest header that the format allows, in bytes.
  package static let maximumHeaderBytes = 100_000_000

  package let mapped: MappedFile
  /// The tensors in the order of their data.
  package let tensors: [TensorDescription]
  /// The members of `__metadata__` in the order of the file, empty where there is none.
  package let metadata: [(key: String, value: String)]

  package var path: FilePath { mapped.path }

  /// Maps the file and reads its header; no tensor data are read.
  package init(path: FilePath) throws(SafetensorsError) {
    let mapped: MappedFile
    do throws(FileAccessError) { mapped = try MappedFile(path: path) } catch { throw .unreadable(error) }
    try self.init(mapped)
  }

  package init(_ mapped: MappedFile) throws(SafetensorsError) {
    let path = mapped.path
    let fileBytes = mapped.bytes.count
    guard fileBytes >= 8 else { throw .noHeaderLength(path, fileBytes: fileBytes) }
    let headerBytes = UInt64(littleEndian: mapped.bytes.loadUnaligned(as: UInt64.self))
    guard headerBytes <= UInt64(Self.maximumHeaderBytes) else {
      throw .headerTooLong(path, headerBytes: headerBytes, limit: Self.maximumHeaderBytes)
    }
    let dataStart = 8 + Int(headerBytes)
    guard dataStart <= fileBytes else {
      throw .headerTruncated(path, headerBytes: Int(headerBytes), fileBytes: fileBytes)
    }
    let header = try SafetensorsHeader(mapped[8..<dataStart], of: path)
    try header.validate(dataBytes: fileBytes - dataStart, of: path)
    self.mapped = mapped
    self.metadata = header.metadata
    self.tensors = header.entries.map { entry in
      TensorDescription(
        name: entry.name, type: entry.type, shape: entry.shape,
        byteRange: dataStart + entry.begin..<dataStart + entry.end)
    }
  }

  /// The value of `key` in `__metadata__`.
  package func metadata(_ key: String) -> String? {
    metadata.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  /// The tensor stored as `name`, nil where there is none. Linear in the number of tensors; see ``ModelWeights`` for
  /// lookups.
  package subscript(name: String) -> StoredTensor? {
    tensors.first { $0.name.utf8.elementsEqual(name.utf8) }.map { StoredTensor(description: $0, file: mapped) }
  }

  /// All tensors in the order of their data.
  package var storedTensors: [StoredTensor] { tensors.map { StoredTensor(description: $0, file: mapped) } }
}
