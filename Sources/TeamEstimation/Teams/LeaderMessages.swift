import MessagePassing

/// The few calls by which leaders speak with each other. A leader is named by its number in the world. Not collective.
protocol LeaderMessages {
  /// The oldest message that has come and was not received; nil where there is none.
  func probe() throws -> (source: Int, tag: Int, count: Int)?
  /// Receives a message that was probed, or waits for one.
  func receive(into words: UnsafeMutableBufferPointer<Int64>, from source: Int, tag: Int) throws
  /// Sends some words and does not wait until they are received.
  func post(_ words: [Int64], to destination: Int, tag: Int) throws
  /// Sends many words; comes back when they are on their way.
  func send(_ words: UnsafeBufferPointer<Int64>, to destination: Int, tag: Int) throws
}

/// The messages of a communicator.
struct CommunicatorMessages: LeaderMessages {
  let communicator: Communicator

  func probe() throws -> (source: Int, tag: Int, count: Int)? { try communicator.probe() }

  func receive(into words: UnsafeMutableBufferPointer<Int64>, from source: Int, tag: Int) throws {
    try communicator.receive(into: words, from: source, tag: tag)
  }

  func post(_ words: [Int64], to destination: Int, tag: Int) throws {
    try communicator.post(words, to: destination, tag: tag)
  }

  func send(_ words: UnsafeBufferPointer<Int64>, to destination: Int, tag: Int) throws {
    try communicator.send(words, to: destination, tag: tag)
  }
}
