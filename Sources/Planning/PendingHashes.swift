import Checkpoints
import Dispatch
import Encoders
import Synchronization
import SystemPackage

/// The hashes of one model and its data file while a thread of their own computes them.
///
/// Hashing a file is one long chain of dependent instructions, 0.25 s for the weights of BERT-base, and nothing but
/// checkpoints and results needs it. Where a core is free it costs no time; else as much as it would before the work.
final class PendingHashes: Sendable {
  private let result = Mutex<Result<InputHashes, any Error>?>(nil)
  private let group = DispatchGroup()

  /// Begins. Not collective.
  init(_ model: StoredModel, data: FilePath?) {
    DispatchQueue.global().async(group: group) {
      let found = Result { try InputHashes(model.files).with(data: data.map { try MappedFile(path: $0).sha256 }) }
      self.result.withLock { $0 = found }
    }
  }

  /// Waits for them. Not collective.
  ///
  /// - Throws: what ``InputHashes/init(_:_:)`` throws.
  func wait() throws -> InputHashes {
    group.wait()
    guard let result = result.withLock({ $0 }) else { preconditionFailure("the thread has ended") }
    return try result.get()
  }
}
