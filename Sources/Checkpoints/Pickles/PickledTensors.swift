/// Finds the numbers of tensors in an archive, and copies those that do not lie one after the other.
struct PickledTensors {
  /// A copy that was made, by what it is a copy of: tensors that share memory share it.
  private struct View: Hashable {
    let start: Int
    let elementBytes: Int
    let shape: [Int]
    let strides: [Int]
  }

  private let mapped: MappedFile
  private let folder: String
  /// By the bytes of their names, since two names that Swift's strings take for one are two entries.
  private let entries: [[UInt8]: Range<Int>]
  private var copiesByView: [View: MappedFile] = [:]
  private var copiedBytes = 0

  var copies: [MappedFile] { Array(copiesByView.values) }

  init(_ archive: ZipArchive, folder: String, in mapped: MappedFile) {
    (self.mapped, self.folder) = (mapped, folder)
    entries = Dictionary(uniqueKeysWithValues: archive.entries.map { (Array($0.name.utf8), $0.range) })
  }

  /// The tensor `name`, with `shape` and `strides` as in its description.
  mutating func stored(
    _ name: String, _ tensor: PickledTensor, shape: [Int], strides: [Int]
  ) throws(PickleError) -> StoredTensor {
    let path = mapped.path
    let entry = "\(folder)/data/\(tensor.storage.key)"
    guard let storage = entries[Array(entry.utf8)] else { throw .noStorage(path, tensor: name, entry: entry) }
    let size = tensor.type.bits / 8
    let (expected, overflow) = tensor.storage.count.multipliedReportingOverflow(
      by: tensor.storage.type == nil ? 1 : size)
    guard !overflow, expected == storage.count else {
      throw .storageLength(path, tensor: name, expected: overflow ? .max : expected, found: storage.count)
    }
    guard let bits = SafetensorsHeader.bits(tensor.type, shape) else {
      throw .overflow(path, tensor: name, shape: shape)
    }
    let capacity = storage.count / size
    guard let end = Self.end(tensor.offset, shape, strides), end <= capacity else {
      throw .outsideStorage(
        path, tensor: name, shape: shape, strides: strides, offset: tensor.offset, elements: capacity)
    }
    let start = storage.lowerBound + tensor.offset * size
    func made(_ file: MappedFile, from start: Int) -> StoredTensor {
      StoredTensor(
        description: TensorDescription(
          name: name, type: tensor.type, shape: shape, byteRange: start..<start + bits / 8),
        file: file)
    }
    if Self.isContiguous(shape, strides) { return made(mapped, from: start) }
    let view = View(start: start, elementBytes: size, shape: shape, strides: strides)
    if let copy = copiesByView[view] { return made(copy, from: 0) }
    guard bits / 8 <= mapped.bytes.count - copiedBytes else {
      throw .repeated(path, tensor: name, limit: mapped.bytes.count)
    }
    copiedBytes += bits / 8
    let copy = MappedFile(path: path, count: bits / 8) { target in
      Self.gather(mapped[start..<storage.upperBound], shape, strides, elementBytes: size, into: target)
    }
    copiesByView[view] = copy
    return made(copy, from: 0)
  }

  /// Behind the last element of a view, in elements of its storage; nil where it overflows.
  private static func end(_ offset: Int, _ shape: [Int], _ strides: [Int]) -> Int? {
    guard !shape.contains(0) else { return offset }
    guard offset < .max else { return nil }
    var last = offset
    for (size, stride) in zip(shape, strides) {
      let (distance, first) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, second) = last.addingReportingOverflow(distance)
      guard !first, !second, sum < .max else { return nil }
      last = sum
    }
    return last + 1
  }

  /// Whether the elements lie one after the other in row order. The strides of single elements mean nothing.
  private static func isContiguous(_ shape: [Int], _ strides: [Int]) -> Bool {
    guard !shape.contains(0) else { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      guard stride == expected else { return false }
      expected *= size
    }
    return true
  }

  /// Copies a view's elements in row order.
  private static func gather(
    _ source: UnsafeRawBufferPointer, _ shape: [Int], _ strides: [Int], elementBytes size: Int,
    into target: UnsafeMutableRawBufferPointer
  ) {
    // The strides of single elements mean nothing, and may be any number.
    let dimensions = zip(shape, strides).filter { $0.0 != 1 }
    let (columns, step) = dimensions.last ?? (1, 1)
    var indices = Array(repeating: 0, count: dimensions.dropLast().count)
    var row = 0
    for place in stride(from: 0, to: target.count, by: columns * size) {
      for column in 0..<columns {
        let from = (row + column * step) * size
        UnsafeMutableRawBufferPointer(rebasing: target[place + column * size..<place + (column + 1) * size])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + size]))
      }
      // The next row: one more in the last dimension that has one more.
      for dimension in indices.indices.reversed() {
        indices[dimension] += 1
        row += dimensions[dimension].1
        if indices[dimension] < dimensions[dimension].0 { break }
        row -= indices[dimension] * dimensions[dimension].1
        indices[dimension] = 0
      }
    }
  }
}
