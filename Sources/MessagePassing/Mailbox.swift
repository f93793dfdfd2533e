/// The messages that a plain process, without MPI, sends to itself.
///
/// It matches sends and receives as MPI does: among those with one tag, in the order in which they were started.
final class Mailbox {
  /// A receive that was started; `bytes` is nil until its message was sent.
  final class Receive {
    let tag: Int
    fileprivate(set) var bytes: [UInt8]?

    fileprivate init(tag: Int) { self.tag = tag }
  }

  private var sent: [(tag: Int, bytes: [UInt8])] = []
  private var awaited: [Receive] = []

  /// Hands `bytes` to the first receive that waits for `tag`, or keeps them for the next one.
  func send(_ bytes: [UInt8], tag: Int) {
    if let index = awaited.firstIndex(where: { $0.tag == tag }) {
      awaited.remove(at: index).bytes = bytes
    } else {
      sent.append((tag, bytes))
    }
  }

  /// Takes the first kept message with `tag`, or waits for the next one.
  func receive(tag: Int) -> Receive {
    let receive = Receive(tag: tag)
    if let index = sent.firstIndex(where: { $0.tag == tag }) {
      receive.bytes = sent.remove(at: index).bytes
    } else {
      awaited.append(receive)
    }
    return receive
  }

  /// Takes the first kept message with `tag`; nil if there is none.
  func take(tag: Int) -> [UInt8]? {
    sent.firstIndex { $0.tag == tag }.map { sent.remove(at: $0).bytes }
  }

  /// The first kept message, or the first with `tag`, which stays; nil if there is none.
  func next(tag: Int?) -> (tag: Int, bytes: [UInt8])? {
    sent.first { tag == nil || $0.tag == tag }
  }
}
