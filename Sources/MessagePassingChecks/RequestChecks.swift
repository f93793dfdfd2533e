import MessagePassing

func checkRequests(on communicator: Communicator) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  let (next, previous) = ((rank + 1) % size, (rank + size - 1) % size)
  func check<Scalar: CheckedScalar>(_ type: Scalar.Type) throws {
    for count in counts(of: type) {
      let own = MessageBuffer(Pattern<Scalar> { contribution(rank, $0) }.array(count: count))
      // Around the ring: the receive first, then the send; a test now and then.
      var receive = try communicator.startReceive(into: MessageBuffer<Scalar>(count: count), from: previous, tag: 3)
      var send = try communicator.startSend(own, to: next, tag: 3)
      _ = try receive.test()
      _ = try send.test()
      let received = try receive.wait().array
      try Pattern<Scalar> { contribution(previous, $0) }.expectFilled(received, "\(count) \(type) around the ring")
      try expect(try send.wait() === own, "a send gives back another buffer")
    }
  }
  try forEachScalar { try check($0) }
}

/// Messages with one tag arrive in order, and tags are kept apart, whichever is started first.
func checkOrderOfRequests(on communicator: Communicator) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  let (next, previous) = ((rank + 1) % size, (rank + size - 1) % size)
  func received(_ tag: Int) throws -> Request<Int64> {
    try communicator.startReceive(into: MessageBuffer<Int64>(count: 2), from: previous, tag: tag)
  }
  func sent(_ value: Int64, _ tag: Int) throws -> Request<Int64> {
    try communicator.startSend(MessageBuffer([value, Int64(rank)]), to: next, tag: tag)
  }
  let early = try received(1)
  let a = try sent(10, 1)
  let b = try sent(11, 1)
  let c = try sent(20, 2)
  let d = try sent(21, 2)
  let third = try received(2)
  let second = try received(1)
  let fourth = try received(2)
  try expectEqual(try early.wait().array, [10, Int64(previous)], "the first message with tag 1")
  try expectEqual(try fourth.wait().array, [21, Int64(previous)], "the second message with tag 2")
  try expectEqual(try third.wait().array, [20, Int64(previous)], "the first message with tag 2")
  try expectEqual(try second.wait().array, [11, Int64(previous)], "the second message with tag 1")
  for value in [try a.wait(), try b.wait(), try c.wait(), try d.wait()] {
    try expectEqual(value.array[1], Int64(rank), "a sent buffer")
  }
}

/// Sends three numbers where two are expected: MPI's error must be thrown, not end the process.
func expectTruncationIsThrown(on communicator: Communicator) throws {
  let send = try communicator.startSend(MessageBuffer<Float>([1, 2, 3]), to: communicator.rank)
  let error = try errorOf("a message that is too long") {
    _ = try communicator.startReceive(into: MessageBuffer<Float>(count: 2), from: communicator.rank).wait()
  }
  switch error as? MessagePassingError {
  case .callFailed("MPI_Irecv", _, let text): try expect(text.contains("TRUNCATE"), "MPI's text is \"\(text)\"")
  case .lengthMismatch("MPI_Irecv", expected: 2, received: 3): break
  default: throw CheckFailure(what: "a message that is too long threw \(error)")
  }
  _ = try send.wait()
}

func checkErrors(on communicator: Communicator) throws {
  let size = communicator.size
  let root = try errorOf("a broadcast from a rank that does not exist") {
    _ = try communicator.broadcast([1], root: size)
  }
  try expectEqual(
    root as? MessagePassingError, .noSuchRank(call: "MPI_Bcast", rank: size, size: size), "the error of a broadcast")
  let destination = try errorOf("a send to a rank that does not exist") {
    _ = try communicator.startSend(MessageBuffer<UInt8>([1]), to: -1).wait()
  }
  try expectEqual(
    destination as? MessagePassingError, .noSuchRank(call: "MPI_Isend", rank: -1, size: size), "the error of a send")
  try expectTruncationIsThrown(on: communicator)

  let send = try communicator.startSend(MessageBuffer<Int64>([1]), to: communicator.rank)
  let short = try errorOf("a message that is too short") {
    _ = try communicator.startReceive(into: MessageBuffer<Int64>(count: 2), from: communicator.rank).wait()
  }
  try expectEqual(
    short as? MessagePassingError, .lengthMismatch(call: "MPI_Irecv", expected: 2, received: 1), "a short message")
  _ = try send.wait()
}
