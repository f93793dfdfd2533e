import LinearAlgebra
import SystemPackage

/// A tensor that is to be written: its data follow later.
package struct TensorDeclaration: Sendable, Equatable {
  package let name: String
  package let type: TensorType
  package let shape: [Int]

  /// - Precondition: the shape has no negative size and its bytes fit 64 bits.
  package init(name: String, type: TensorType, shape: [Int]) {
    precondition(shape.allSatisfy { $0 >= 0 }, "sizes are not negative")
    precondition(SafetensorsHeader.bits(type, shape).map { $0 % 8 == 0 } ?? false, "whole bytes that can be counted")
    self.name = name
    self.type = type
    self.shape = shape
  }

  /// The number of elements.
  package var count: Int { shape.reduce(1, *) }
  /// The size of the data in bytes.
  package var byteCount: Int { count * type.bits / 8 }
}

/// Writes one safetensors file: first the header from the declarations, then the data, tensor by tensor in their order.
///
/// A tensor may come in several pieces. Only a piece of the data is in memory at a time.
package struct SafetensorsWriter: ~Copyable {
  /// The longest header that is written, in bytes: what the Hugging Face hub shows.
  package static let maximumHeaderBytes = 25_000_000

  package let output: OutputFile
  package let tensors: [TensorDeclaration]
  /// The tensor that is due and how many bytes of it are still to come.
  private var current = 0
  private var remainingBytes = 0
  private var scratch: [Double] = []
  /// 256 Ki elements: large enough for large writes, small enough for the second-level cache.
  private static let pieceElements = 1 << 18

  /// Writes the header.
  ///
  /// - Parameters:
  ///   - tensors: in the order of their data. Put larger element types first where types are mixed: then every tensor
  ///     is aligned and can be used where it is mapped.
  ///   - metadata: further members of `__metadata__`, which always has `"format": "pt"`, since several versions of
  ///     `transformers` refuse files without it.
  package init(
    to output: OutputFile, tensors: [TensorDeclaration], metadata: [(key: String, value: String)] = []
  ) throws(OutputError) {
    self.output = output
    self.tensors = tensors
    let header = Self.header(tensors, metadata)
    guard header.count < Self.maximumHeaderBytes else {
      throw .headerTooLong(output.path, bytes: header.count, limit: Self.maximumHeaderBytes)
    }
    try output.write(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) })
    try output.write(header)
    remainingBytes = tensors.first?.byteCount ?? 0
    skipCompleted()
  }

  /// The header, padded with spaces so that the data begin at a multiple of 8 bytes.
  static func header(_ tensors: [TensorDeclaration], _ metadata: [(key: String, value: String)]) -> [UInt8] {
    var members: [JSON.Member] = []
    let pairs = [(key: "format", value: "pt")] + metadata.filter { $0.key != "format" }
    members.append(
      .init(key: "__metadata__", value: .object(pairs.map { .init(key: $0.key, value: .string($0.value)) })))
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.byteCount
      members.append(
        .init(
          key: tensor.name,
          value: [
            "dtype": .string(tensor.type.rawValue),
            "shape": .array(tensor.shape.map { .integer($0) }),
            "data_offsets": [.integer(offset), .integer(end)],
          ]))
      offset = end
    }
    var header = Array(JSON.object(members).serialized(indentation: nil).utf8)
    header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
    return header
  }

  /// Writes the next elements of the tensor `name`, converted to its declared type.
  ///
  /// - Throws: ``OutputError/overflow(_:tensor:index:value:type:)`` where a finite number would become an infinity.
  package mutating func write(_ name: String, _ values: Vector<Float>) throws(OutputError) {
    let precision = try expect(name, elements: values.count)
    // Nothing to convert and nothing that could overflow: straight from where the values are.
    if precision == .float32 { return try writeDue(UnsafeRawBufferPointer(values.buffer)) }
    try convert(values.count, precision, value: { Double(values[$0]) }) { range, room in
      precision.encode(values[range], into: room)
    }
  }

  /// Writes the next elements of the tensor `name`, converted to its declared type.
  ///
  /// - Throws: ``OutputError/overflow(_:tensor:index:value:type:)`` where a finite number would become an infinity.
  package mutating func write(_ name: String, _ values: Vector<Double>) throws(OutputError) {
    let precision = try expect(name, elements: values.count)
    try convert(values.count, precision, value: { values[$0] }) { range, room in
      precision.encode(values[range], into: room)
    }
  }

  /// Writes the bytes of the tensor `name` as they are stored; any type.
  package mutating func write(_ name: String, stored: UnsafeRawBufferPointer) throws(OutputError) {
    try expect(name, bytes: stored.count)
    try writeDue(stored)
  }

  private mutating func writeDue(_ bytes: UnsafeRawBufferPointer) throws(OutputError) {
    try output.write(bytes)
    advance(bytes.count)
  }

  /// Writes a whole tensor from another file: its bytes where the types are the same, else converted.
  ///
  /// - Throws: ``OutputError/overflow(_:tensor:index:value:type:)`` where a finite number would become an infinity.
  package mutating func write(_ name: String, _ tensor: StoredTensor) throws {
    guard let declared = tensors.first(where: { $0.name == name }), declared.type != tensor.type else {
      return try write(name, stored: tensor.bytes)
    }
    let buffer = Buffer<Double>(count: min(tensor.count, Self.pieceElements))
    defer { withExtendedLifetime(buffer) {} }
    for start in stride(from: 0, to: tensor.count, by: Self.pieceElements) {
      let end = min(start + Self.pieceElements, tensor.count)
      let piece = buffer.vector[0..<end - start]
      try tensor.copy(elements: start..<end, into: piece)
      try write(name, piece)
    }
  }

  /// Closes the file; an error where a declared tensor was not written completely.
  package consuming func finish() throws(OutputError) {
    guard current == tensors.count else {
      throw .unwrittenTensors(output.path, tensors[current...].filter { $0.count > 0 }.map(\.name))
    }
    try output.close()
  }

  private func expect(_ name: String, bytes: Int) throws(OutputError) {
    let isDue = current < tensors.count && tensors[current].name == name && bytes <= remainingBytes
    // An empty tensor is complete as soon as it is due; writing nothing to it is still right.
    guard isDue || (bytes == 0 && tensors.contains { $0.name == name && $0.count == 0 }) else {
      let expected = current < tensors.count ? tensors[current] : nil
      let size = expected.map { max($0.type.bits / 8, 1) } ?? 1
      throw .unexpectedTensor(
        output.path, name: name, elements: bytes / size, expected: expected?.name, remaining: remainingBytes / size)
    }
  }

  private func expect(_ name: String, elements: Int) throws(OutputError) -> StoredPrecision {
    let type = tensors.first { $0.name == name }?.type ?? .float32
    guard let precision = type.precision else { preconditionFailure("floating-point values for a tensor of \(type)") }
    try expect(name, bytes: elements * precision.bytesPerElement)
    return precision
  }

  private mutating func convert(
    _ count: Int, _ precision: StoredPrecision, value: (Int) -> Double,
    encode: (Range<Int>, UnsafeMutableRawBufferPointer) -> Void
  ) throws(OutputError) {
    if scratch.isEmpty { scratch = Array(repeating: 0, count: Self.pieceElements) }
    for start in stride(from: 0, to: count, by: Self.pieceElements) {
      let range = start..<min(start + Self.pieceElements, count)
      let byteCount = range.count * precision.bytesPerElement
      let output = output
      var overflow: Int?
      let result: Result<Void, OutputError> = scratch.withUnsafeMutableBytes { memory in
        let room = UnsafeMutableRawBufferPointer(rebasing: memory[..<byteCount])
        encode(range, room)
        overflow = Self.firstOverflow(UnsafeRawBufferPointer(room), precision) { value(start + $0) }
        guard overflow == nil else { return .success(()) }
        do throws(OutputError) { return .success(try output.write(UnsafeRawBufferPointer(room))) } catch {
          return .failure(error)
        }
      }
      try result.get()
      if let overflow { throw overflowError(element: overflow, precision, value: value(start + overflow)) }
      advance(byteCount)
    }
  }

  /// The first element that became an infinity in `encoded` although its `value` is finite.
  ///
  /// Infinities and NaN of the source pass: whoever reads a model refuses them by name.
  private static func firstOverflow(
    _ encoded: UnsafeRawBufferPointer, _ precision: StoredPrecision, value: (Int) -> Double
  ) -> Int? {
    let size = precision.bytesPerElement
    var start = 0
    while let next = precision.firstNonFinite(UnsafeRawBufferPointer(rebasing: encoded[(start * size)...])) {
      if value(start + next).isFinite { return start + next }
      start += next + 1
    }
    return nil
  }

  /// - Parameter element: counted from the next that is due.
  private func overflowError(element: Int, _ precision: StoredPrecision, value: Double) -> OutputError {
    let tensor = tensors[current]
    let written = (tensor.byteCount - remainingBytes) / precision.bytesPerElement
    return .overflow(
      output.path, tensor: tensor.name, index: StoredTensor.indices(of: written + element, in: tensor.shape),
      value: value, type: tensor.type)
  }

  private mutating func advance(_ bytes: Int) {
    remainingBytes -= bytes
    skipCompleted()
  }

  private mutating func skipCompleted() {
    while current < tensors.count, remainingBytes == 0 {
      current += 1
      remainingBytes = current < tensors.count ? tensors[current].byteCount : 0
    }
  }
}
