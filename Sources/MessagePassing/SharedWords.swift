import CShared

/// 64-bit words in memory that processes share, changed atomically.
///
/// A read sees everything that was written before the change that it sees, and a change makes visible everything that
/// its process wrote before. A view: it does not keep its memory alive.
package struct SharedWords: @unchecked Sendable {
  private let base: UnsafeMutablePointer<Int64>
  /// The number of words.
  package let count: Int

  /// As many words as fit into `memory`, which is aligned to 8 bytes.
  package init(_ memory: UnsafeMutableRawBufferPointer) {
    count = memory.count / MemoryLayout<Int64>.stride
    guard let start = memory.baseAddress, count > 0 else { preconditionFailure("words need memory") }
    precondition(Int(bitPattern: start) % MemoryLayout<Int64>.alignment == 0, "words need aligned memory")
    base = start.bindMemory(to: Int64.self, capacity: count)
  }

  /// The word, loaded (acquire) and stored (release) in one piece.
  package subscript(index: Int) -> Int64 {
    get { cshared_load(address(index)) }
    nonmutating set { cshared_store(address(index), newValue) }
  }

  /// Adds `value`, wrapping around; gives the previous value.
  @discardableResult
  package func add(_ value: Int64, to index: Int) -> Int64 { cshared_fetch_add(address(index), value) }

  /// Replaces the word by the larger of itself and `value`; gives the previous value.
  @discardableResult
  package func raise(_ index: Int, to value: Int64) -> Int64 { cshared_fetch_max(address(index), value) }

  /// Replaces the word by `to` if it is `from`; whether it was.
  package func exchange(_ index: Int, from: Int64, to: Int64) -> Bool {
    cshared_compare_exchange(address(index), from, to)
  }

  private func address(_ index: Int) -> UnsafeMutablePointer<Int64> {
    precondition(index >= 0 && index < count, "there is no such word")
    return base + index
  }
}
