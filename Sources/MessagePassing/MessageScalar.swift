import CMPI

/// The number types that can be sent, gathered and reduced.
package enum MessageType: Sendable {
  case float, double, int32, int64, uint8

  var datatype: MPI_Datatype {
    switch self {
    case .float: cmpi_float()
    case .double: cmpi_double()
    case .int32: cmpi_int32()
    case .int64: cmpi_int64()
    case .uint8: cmpi_uint8()
    }
  }
}

/// A number that MPI has a type for. All ranks run on processors with the same byte order.
package protocol MessageScalar: BitwiseCopyable, Sendable, Comparable {
  /// MPI's name for the type.
  static var messageType: MessageType { get }
}

extension Float: MessageScalar { package static var messageType: MessageType { .float } }
extension Double: MessageScalar { package static var messageType: MessageType { .double } }
extension Int32: MessageScalar { package static var messageType: MessageType { .int32 } }
extension Int64: MessageScalar { package static var messageType: MessageType { .int64 } }
extension UInt8: MessageScalar { package static var messageType: MessageType { .uint8 } }

extension MessageScalar {
  static var datatype: MPI_Datatype { messageType.datatype }

  /// The most elements that one MPI call carries: ``Communicator/chunkBytes``, in elements.
  package static var chunkCount: Int { Communicator.chunkBytes / MemoryLayout<Self>.size }
}

/// How contributions are combined, element by element.
///
/// Integer sums are exact and the same for any number of ranks as long as they do not overflow, which MPI does not
/// detect. Sums of Float and Double depend on the number of ranks in their last bits.
package enum Reduction: Sendable, CaseIterable {
  case sum, minimum, maximum

  var operation: MPI_Op {
    switch self {
    case .sum: cmpi_sum()
    case .minimum: cmpi_min()
    case .maximum: cmpi_max()
    }
  }
}

extension Communicator {
  /// The most bytes that one MPI call carries. Larger buffers go in several calls: 440 MB between two ranks took
  /// 61–66 ms in chunks of 2–4 MiB and 150–250 ms in one call, and MPI's counts, which are `int`, stay far below 2³¹.
  package static let chunkBytes = 4 << 20

  /// Calls `body` with the address and the count of consecutive parts of `buffer`, each at most one chunk long.
  /// An empty buffer has none.
  static func forEachChunk<Scalar: MessageScalar>(
    of buffer: UnsafeMutableBufferPointer<Scalar>,
    _ body: (UnsafeMutablePointer<Scalar>, Int32) throws(MessagePassingError) -> Void
  ) throws(MessagePassingError) {
    guard let base = buffer.baseAddress else { return }
    var start = 0
    while start < buffer.count {
      let count = min(Scalar.chunkCount, buffer.count - start)
      try body(base + start, Int32(count))
      start += count
    }
  }
}
