import CMPI

extension Communicator {
  /// Sends `elements` to rank `destination`, which must receive the same number with the same tag.
  ///
  /// A buffer longer than a chunk goes in several messages, which arrive in order. **Not collective**, but it may last
  /// until the receiver has come; to oneself it never waits.
  package func send<Scalar: MessageScalar>(
    _ elements: UnsafeBufferPointer<Scalar>, to destination: Int, tag: Int = 0
  ) throws(MessagePassingError) {
    try validate(rank: destination, "MPI_Send")
    guard let handle else { return mailbox.send(Array(UnsafeRawBufferPointer(elements)), tag: tag) }
    // Nobody else could receive it meanwhile.
    if destination == rank { return try post(MessageBuffer(Array(elements)), to: rank, tag: tag) }
    try Self.forEachMessage(of: UnsafeMutableBufferPointer(mutating: elements)) {
      base, count throws(MessagePassingError) in
      try check(cmpi_send(base, count, Scalar.datatype, Int32(destination), Int32(tag), handle), "MPI_Send")
    }
  }

  /// Waits for a message from rank `source` that fills `elements`, sent in any of the ways of this module.
  ///
  /// **Not collective.**
  package func receive<Scalar: MessageScalar>(
    into elements: UnsafeMutableBufferPointer<Scalar>, from source: Int, tag: Int = 0
  ) throws(MessagePassingError) {
    try validate(rank: source, "MPI_Recv")
    guard let handle else {
      guard let bytes = mailbox.take(tag: tag) else { throw .wouldWaitForever(call: "MPI_Recv", tag: tag) }
      try Self.verifyLength(bytes.count / MemoryLayout<Scalar>.size, elements.count)
      return UnsafeMutableRawBufferPointer(elements).copyBytes(from: bytes)
    }
    try Self.forEachMessage(of: elements) { base, count throws(MessagePassingError) in
      var status = MPI_Status()
      try check(
        cmpi_receive(base, count, Scalar.datatype, Int32(source), Int32(tag), handle, &status), "MPI_Recv")
      try Self.verifyLength(try Self.count(of: Scalar.self, in: status), Int(count))
    }
  }

  /// The next message that waits to be received, from whichever rank, or nil. Also lets MPI make progress.
  ///
  /// - Parameters:
  ///   - tag: the tag to look for; nil for any of ``tags``. With nil, not to be called where a rank of this
  ///     communicator may be in ``gather(_:root:)`` already, whose messages have a tag of their own and would hide
  ///     those behind them.
  ///
  /// The count is in 64-bit words, of its first chunk where it is longer than one. **Not collective.**
  package func probe(tag: Int? = nil) throws(MessagePassingError) -> (source: Int, tag: Int, count: Int)? {
    guard let handle else {
      guard let mail = mailbox.next(tag: tag) else { return nil }
      return (0, mail.tag, mail.bytes.count / MemoryLayout<Int64>.size)
    }
    try releasePosted()
    var status = MPI_Status()
    var arrived: Int32 = 0
    let wanted = tag.map { Int32($0) } ?? cmpi_any_tag()
    try check(cmpi_probe(cmpi_any_source(), wanted, handle, &arrived, &status), "MPI_Iprobe")
    guard arrived != 0, tag != nil || Self.tags.contains(Int(status.MPI_TAG)) else { return nil }
    return (Int(status.MPI_SOURCE), Int(status.MPI_TAG), try Self.count(of: Int64.self, in: status))
  }

  /// Sends a few words without ever waiting for the receiver; the communicator keeps them until they have gone.
  ///
  /// Nothing bounds how many are kept, so the receiver should be one that keeps receiving. **Not collective.**
  package func post(_ words: [Int64], to destination: Int, tag: Int = 0) throws(MessagePassingError) {
    try post(MessageBuffer(words), to: destination, tag: tag)
  }

  private func post<Scalar: MessageScalar>(
    _ buffer: MessageBuffer<Scalar>, to destination: Int, tag: Int
  ) throws(MessagePassingError) {
    try releasePosted()
    let request = try startSend(buffer, to: destination, tag: tag)
    let message = PostedMessage(request)
    if try !message.test() { posted.append(message) }
  }

  /// Forgets the posted messages that have gone.
  private func releasePosted() throws(MessagePassingError) {
    guard !posted.isEmpty else { return }
    var waiting: [any AnyPostedMessage] = []
    for message in posted where try !message.test() { waiting.append(message) }
    posted = waiting
  }

  private static func count<Scalar: MessageScalar>(
    of type: Scalar.Type, in status: MPI_Status
  ) throws(MessagePassingError) -> Int {
    var count: Int32 = 0
    try withUnsafePointer(to: status) { status throws(MessagePassingError) in
      try check(cmpi_received_count(status, type.datatype, &count), "MPI_Get_count")
    }
    return Int(count)
  }

  private static func verifyLength(_ received: Int, _ expected: Int) throws(MessagePassingError) {
    guard received == expected else {
      throw .lengthMismatch(call: "MPI_Recv", expected: expected, received: received)
    }
  }
}

/// A posted message of any element type.
protocol AnyPostedMessage: AnyObject {
  /// Whether it has gone.
  func test() throws(MessagePassingError) -> Bool
}

/// Keeps the request of a posted message: a ``Request`` cannot be copied, so it cannot be an element of an array.
final class PostedMessage<Scalar: MessageScalar>: AnyPostedMessage {
  private var request: Request<Scalar>

  init(_ request: consuming Request<Scalar>) { self.request = request }

  func test() throws(MessagePassingError) -> Bool { try request.test() }
}
