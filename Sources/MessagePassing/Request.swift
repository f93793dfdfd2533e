import CMPI

/// One chunk of a request: MPI's handle while it is under way, and how many elements must arrive (nil: none do).
struct RequestChunk {
  var handle: MPI_Request?
  let count: Int32?
}

/// A message that is under way.
///
/// It cannot be copied, and it keeps its buffer alive. End it with ``wait()``. One that is dropped (because an error
/// was thrown in between) is left to MPI together with its buffer, which is then never freed: the memory may still be
/// written to, and waiting for a rank that failed could last for ever.
package struct Request<Scalar: MessageScalar>: ~Copyable {
  enum Kind {
    case send, receive

    var call: StaticString {
      switch self {
      case .send: "MPI_Isend"
      case .receive: "MPI_Irecv"
      }
    }
  }

  private let buffer: MessageBuffer<Scalar>
  private let kind: Kind
  /// The chunks that are not finished, in reverse order: they finish from the end of the array.
  private var pending: [RequestChunk]
  /// In a plain process, the receive that a later send of the same process answers.
  private let mail: Mailbox.Receive?

  init(buffer: MessageBuffer<Scalar>, kind: Kind, chunks: [RequestChunk], mail: Mailbox.Receive? = nil) {
    self.buffer = buffer
    self.kind = kind
    self.mail = mail
    pending = chunks.reversed()
  }

  /// Whether it is finished. Also lets MPI make progress. **Not collective.**
  package mutating func test() throws(MessagePassingError) -> Bool {
    if let mail { return try arrived(mail) }
    while var chunk = pending.last {
      var status = MPI_Status()
      var isDone: Int32 = 0
      try check(cmpi_test(&chunk.handle, &isDone, &status), kind.call)
      guard isDone != 0 else { return false }
      pending.removeLast()
      try verify(chunk, status)
    }
    return true
  }

  /// Returns the buffer when the message has arrived, or the sent memory may be reused.
  ///
  /// **Not collective**, but it lasts until the other side has done its part.
  package consuming func wait() throws(MessagePassingError) -> MessageBuffer<Scalar> {
    if let mail, try !arrived(mail) { throw .wouldWaitForever(call: "\(kind.call)", tag: mail.tag) }
    while var chunk = pending.last {
      var status = MPI_Status()
      try check(cmpi_wait(&chunk.handle, &status), kind.call)
      pending.removeLast()
      try verify(chunk, status)
    }
    return buffer
  }

  deinit {
    if !pending.isEmpty { _ = Unmanaged.passRetained(buffer) }
  }

  private func verify(_ chunk: RequestChunk, _ status: MPI_Status) throws(MessagePassingError) {
    guard let expected = chunk.count else { return }
    var received: Int32 = 0
    try withUnsafePointer(to: status) { status throws(MessagePassingError) in
      try check(cmpi_received_count(status, Scalar.datatype, &received), "MPI_Get_count")
    }
    guard received == expected else {
      throw .lengthMismatch(call: "\(kind.call)", expected: Int(expected), received: Int(received))
    }
  }

  private func arrived(_ mail: Mailbox.Receive) throws(MessagePassingError) -> Bool {
    guard let bytes = mail.bytes else { return false }
    let size = MemoryLayout<Scalar>.size
    guard bytes.count == buffer.count * size else {
      throw .lengthMismatch(call: "\(kind.call)", expected: buffer.count, received: bytes.count / size)
    }
    UnsafeMutableRawBufferPointer(buffer.elements).copyBytes(from: bytes)
    return true
  }
}

extension Communicator {
  /// The tags that callers may use; the ones above, up to the 32 767 that MPI promises, are this module's own.
  package static let tags = 0..<32_000
  static let gatherTag = 32_000

  /// Starts to send the buffer to rank `destination`, which must receive the same number of elements with the same tag.
  ///
  /// A buffer longer than a chunk goes in several messages, which arrive in order. **Not collective.**
  package func startSend<Scalar: MessageScalar>(
    _ buffer: MessageBuffer<Scalar>, to destination: Int, tag: Int = 0
  ) throws(MessagePassingError) -> Request<Scalar> {
    try validate(rank: destination, "MPI_Isend")
    var chunks: [RequestChunk] = []
    if let handle {
      try Self.forEachMessage(of: buffer.elements) { base, count throws(MessagePassingError) in
        var request: MPI_Request?
        let (to, tag) = (Int32(destination), Int32(tag))
        try check(cmpi_start_send(base, count, Scalar.datatype, to, tag, handle, &request), "MPI_Isend")
        chunks.append(RequestChunk(handle: request, count: nil))
      }
    } else {
      mailbox.send(Array(UnsafeRawBufferPointer(buffer.elements)), tag: tag)
    }
    return Request(buffer: buffer, kind: .send, chunks: chunks)
  }

  /// Starts to receive a message from rank `source` that fills the buffer. **Not collective.**
  package func startReceive<Scalar: MessageScalar>(
    into buffer: MessageBuffer<Scalar>, from source: Int, tag: Int = 0
  ) throws(MessagePassingError) -> Request<Scalar> {
    try validate(rank: source, "MPI_Irecv")
    guard let handle else {
      return Request(buffer: buffer, kind: .receive, chunks: [], mail: mailbox.receive(tag: tag))
    }
    var chunks: [RequestChunk] = []
    try Self.forEachMessage(of: buffer.elements) { base, count throws(MessagePassingError) in
      var request: MPI_Request?
      let (from, tag) = (Int32(source), Int32(tag))
      try check(cmpi_start_receive(base, count, Scalar.datatype, from, tag, handle, &request), "MPI_Irecv")
      chunks.append(RequestChunk(handle: request, count: count))
    }
    return Request(buffer: buffer, kind: .receive, chunks: chunks)
  }

  /// Like ``forEachChunk(of:_:)``, but an empty buffer is one empty message: it still tells the receiver something.
  static func forEachMessage<Scalar: MessageScalar>(
    of buffer: UnsafeMutableBufferPointer<Scalar>,
    _ body: (UnsafeMutablePointer<Scalar>?, Int32) throws(MessagePassingError) -> Void
  ) throws(MessagePassingError) {
    if buffer.isEmpty { return try body(buffer.baseAddress, 0) }
    try forEachChunk(of: buffer, body)
  }
}
