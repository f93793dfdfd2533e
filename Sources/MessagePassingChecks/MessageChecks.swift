import MessagePassing

/// Blocking messages of all lengths around a ring, and to oneself.
func checkMessages(on communicator: Communicator) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  let (next, previous) = ((rank + 1) % size, (rank + size - 1) % size)
  func check<Scalar: CheckedScalar>(_ type: Scalar.Type) throws {
    for count in counts(of: type, fewer: true) {
      let own = Pattern<Scalar> { contribution(rank, $0) }.array(count: count)
      var received = [Scalar](repeating: 99, count: count)
      // The even ranks send first; somebody receives first in every ring but that of one, who must not wait for
      // himself.
      func send() throws { try own.withUnsafeBufferPointer { try communicator.send($0, to: next, tag: 4) } }
      func receive() throws {
        try received.withUnsafeMutableBufferPointer { try communicator.receive(into: $0, from: previous, tag: 4) }
      }
      if rank % 2 == 0 { try send() }
      try receive()
      if rank % 2 == 1 { try send() }
      try Pattern<Scalar> { contribution(previous, $0) }.expectFilled(received, "\(count) \(type) around the ring")
    }
  }
  try forEachScalar { try check($0) }

  try [Int64(1)].withUnsafeBufferPointer { try communicator.send($0, to: rank, tag: 5) }
  let short = try errorOf("a message that is too short") {
    var room = [Int64](repeating: 0, count: 2)
    try room.withUnsafeMutableBufferPointer { try communicator.receive(into: $0, from: rank, tag: 5) }
  }
  try expectEqual(
    short as? MessagePassingError, .lengthMismatch(call: "MPI_Recv", expected: 2, received: 1), "a short message")
}

/// Every rank posts to every rank before anybody receives; each finds all messages by probing, in the order of each
/// source.
func checkPosts(on communicator: Communicator) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  let rounds = 50
  try expect(try communicator.probe() == nil, "a message before any was sent")
  try communicator.barrier()
  for round in 0..<rounds {
    for other in 0..<size {
      try communicator.post(Array(repeating: Int64(rank * 1000 + round), count: 1 + round % 5), to: other, tag: 7)
    }
  }
  // Long enough that MPI waits for the receiver: even these must not hold the sender up.
  let long = Pattern<Int64> { contribution(rank, $0) }.array(count: 100_000)
  for other in 0..<size { try communicator.post(long, to: other, tag: 8) }

  var nextRound = [Int](repeating: 0, count: size)
  var remaining = size * rounds
  while remaining > 0 {
    guard let message = try communicator.probe(tag: 7) else { continue }
    let round = nextRound[message.source]
    try expectEqual(message.tag, 7, "the tag of a message")
    try expectEqual(message.count, 1 + round % 5, "the length of message \(round) of rank \(message.source)")
    var words = [Int64](repeating: -1, count: message.count)
    try words.withUnsafeMutableBufferPointer {
      try communicator.receive(into: $0, from: message.source, tag: message.tag)
    }
    try expectEqual(Set(words), [Int64(message.source * 1000 + round)], "message \(round) of rank \(message.source)")
    nextRound[message.source] += 1
    remaining -= 1
  }
  try expect(try communicator.probe(tag: 7) == nil, "more messages than were sent")
  for _ in 0..<size {
    var found: (source: Int, tag: Int, count: Int)?
    while found == nil { found = try communicator.probe() }
    guard let found else { return }
    try expect(found.tag == 8 && found.count == long.count, "a long message is announced as \(found)")
    var words = [Int64](repeating: -1, count: found.count)
    try words.withUnsafeMutableBufferPointer { try communicator.receive(into: $0, from: found.source, tag: 8) }
    try Pattern<Int64> { contribution(found.source, $0) }.expectFilled(words, "the long message of \(found.source)")
  }
  // Those that still send need this rank's help until they are through.
  try communicator.barrier()
  try expect(try communicator.probe() == nil, "more messages than were sent")
}
