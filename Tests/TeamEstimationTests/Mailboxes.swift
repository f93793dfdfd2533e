import Foundation
import Synchronization

@testable import TeamEstimation

/// The messages of some leaders, in memory: a box for each, in the order of arrival.
final class Mailboxes: Sendable {
  struct Message: Sendable, Equatable {
    let source: Int
    let destination: Int
    let tag: Int
    let words: [Int64]
  }

  private let waiting = Mutex<[Message]>([])
  private let all = Mutex<[Message]>([])

  /// Everything that was ever sent, in order.
  var sent: [Message] { all.withLock { $0 } }

  func put(_ message: Message) {
    all.withLock { $0.append(message) }
    waiting.withLock { $0.append(message) }
  }

  func first(for leader: Int) -> Message? { waiting.withLock { $0.first { $0.destination == leader } } }

  func take(for leader: Int, from source: Int, tag: Int) -> Message? {
    waiting.withLock { messages in
      let place = messages.firstIndex { $0.destination == leader && $0.source == source && $0.tag == tag }
      return place.map { messages.remove(at: $0) }
    }
  }

  /// What one of the leaders sees of it.
  func messages(of leader: Int) -> any LeaderMessages { BoxMessages(boxes: self, leader: leader) }
}

private struct BoxMessages: LeaderMessages {
  let boxes: Mailboxes
  let leader: Int

  func probe() -> (source: Int, tag: Int, count: Int)? {
    boxes.first(for: leader).map { ($0.source, $0.tag, $0.words.count) }
  }

  func receive(into words: UnsafeMutableBufferPointer<Int64>, from source: Int, tag: Int) {
    while true {
      if let message = boxes.take(for: leader, from: source, tag: tag) {
        precondition(message.words.count == words.count, "a message of the expected length")
        _ = words.update(fromContentsOf: message.words)
        return
      }
      usleep(100)
    }
  }

  func post(_ words: [Int64], to destination: Int, tag: Int) {
    boxes.put(Mailboxes.Message(source: leader, destination: destination, tag: tag, words: words))
  }

  func send(_ words: UnsafeBufferPointer<Int64>, to destination: Int, tag: Int) {
    post(Array(words), to: destination, tag: tag)
  }
}
