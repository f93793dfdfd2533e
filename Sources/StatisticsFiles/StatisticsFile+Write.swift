import Checkpoints
import Datasets
import LinearAlgebra
import SystemPackage

extension StatisticsFile {
  /// Writes sums, piece by piece; the file appears complete or not at all. Not collective.
  ///
  /// The sums are read twice: the hash of the data stands in the header, before them.
  ///
  /// - Parameters:
  ///   - fingerprints: of the examples, in increasing order; nil leaves them out.
  ///   - type: of the sums, `float64` or `float32`.
  ///   - advance: is told how many entries were read, twice for each.
  package static func write(
    _ statistics: some StatisticReader, _ description: StatisticsDescription, fingerprints: [Int64]?, type: TensorType,
    to path: FilePath, advance: (Int) -> Void = { _ in }
  ) throws {
    guard let precision = type.precision else { preconditionFailure("sums are floating-point numbers") }
    let file = try AtomicFile(path)
    // 64-bit integers first, so that every tensor is aligned also where the sums are F32.
    let identifiers = fingerprints.map { TensorDeclaration(name: fingerprintsName, type: .int64, shape: [$0.count]) }
    let sums = description.tensors.map { TensorDeclaration(name: $0.name, type: type, shape: $0.shape) }
    let words = (fingerprints ?? []).map(\.littleEndian)

    let piece = Buffer<Double>(count: pieceElements)
    defer { withExtendedLifetime(piece) {} }
    func forEachPiece(_ body: (String, Vector<Double>) throws -> Void) throws {
      for tensor in sums {
        for start in stride(from: 0, to: tensor.count, by: pieceElements) {
          let range = start..<min(tensor.count, start + pieceElements)
          let values = piece.vector[0..<range.count]
          try statistics.read(tensor.name, range, into: values)
          try body(tensor.name, values)
          advance(range.count)
        }
      }
    }
    var hash = SHA256()
    words.withUnsafeBytes { hash.update(bufferPointer: $0) }
    var stored = [UInt8](repeating: 0, count: pieceElements * precision.bytesPerElement)
    try forEachPiece { _, values in
      stored.withUnsafeMutableBytes { room in
        let part = UnsafeMutableRawBufferPointer(rebasing: room[..<(values.count * precision.bytesPerElement)])
        precision.encode(values, into: part)
        hash.update(bufferPointer: UnsafeRawBufferPointer(part))
      }
    }
    var writer = try SafetensorsWriter(
      to: file.output, tensors: (identifiers.map { [$0] } ?? []) + sums,
      metadata: description.metadata(sha256: hash.finalize().hexadecimal))
    if identifiers != nil { try words.withUnsafeBytes { try writer.write(fingerprintsName, stored: $0) } }
    try forEachPiece { try writer.write($0, $1) }
    try writer.finish()
    try file.commit()
  }

  static let pieceElements = 1 << 18
}

extension TokenizedExamples {
  /// SHA-256 of tokens, rows and labels: equal where the same rows were used in the same way. How many were cut is left
  /// out, since it is not known of a part.
  package var digest: String { SHA256.hash(data: withoutTruncatedCount.bytes).hexadecimal }

  /// A 64-bit hash of each example's token ids and types, in increasing order.
  ///
  /// The first eight bytes, little-endian, of the SHA-256 of the ids and then the types, each a little-endian 32-bit
  /// integer.
  package var fingerprints: [Int64] {
    (0..<count).map { index in
      let example = self[index]
      var hash = SHA256()
      for values in [example.ids, example.typeIDs] {
        values.map(\.littleEndian).withUnsafeBytes { hash.update(bufferPointer: $0) }
      }
      return hash.finalize().withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
    }.sorted()
  }
}
