import CMPI

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Memory that the ranks of one node share: an MPI-3 shared window, all of it contributed by rank 0 of the team.
///
/// In a group of one it is private memory of the process, and MPI is not asked. What one rank writes is seen by the
/// others as between threads: order has to come from ``SharedWords``, from locks, or from a collective call in between.
package final class SharedWindow {
  /// The size, as asked for.
  package let bytes: Int
  private var base: UnsafeMutableRawPointer
  private let team: Communicator
  /// MPI's handle; nil where the memory is private, and after ``free()``.
  private var window: MPI_Win?
  private var isFreed = false

  /// The memory: zero at first, aligned to a page, valid until ``free()`` and as long as the object lives.
  package var memory: UnsafeMutableRawBufferPointer {
    precondition(!isFreed, "the window was freed")
    return UnsafeMutableRawBufferPointer(start: base, count: bytes)
  }

  /// Pages are taken when they are first written, so a window costs what is used of it.
  ///
  /// - Parameters:
  ///   - bytes: the size of the memory, the same on every rank.
  ///   - team: ranks of one node (see ``Communicator/splitByNode()``); must live as long as the window.
  ///
  /// Throws ``MessagePassingError/noSharedMemory(bytes:free:directory:)`` on all ranks alike where the file system that
  /// holds such memory has not enough room. Windows that exist but are not written yet do not count as used, nor do
  /// those that other teams make at the same time: see ``verifyRoom(bytes:on:)``.
  ///
  /// **Collective** over the team.
  package init(bytes: Int, team: Communicator) throws {
    precondition(bytes >= 0, "a window needs a size")
    self.bytes = bytes
    self.team = team
    guard team.size > 1, let handle = team.handle else {
      guard let memory = Self.allocatePrivately(bytes: bytes) else {
        throw MessagePassingError.noSharedMemory(bytes: bytes, free: 0, directory: "memory")
      }
      base = memory
      return
    }
    try Self.verifyRoom(bytes: team.isRoot ? bytes : 0, on: team)

    // A page more than asked for: the memory begins behind Open MPI's own words, in the middle of a page.
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let share = team.isRoot ? max(1, bytes) + page : 0
    var window: MPI_Win?
    var start: UnsafeMutableRawPointer?
    try check(cmpi_window_allocate_shared(share, handle, &start, &window), "MPI_Win_allocate_shared")
    try check(cmpi_window_return_errors(window), "MPI_Win_set_errhandler")
    var size: MPI_Aint = 0
    var unit: Int32 = 0
    try check(cmpi_window_query(window, 0, &size, &unit, &start), "MPI_Win_shared_query")
    guard let start else {
      throw MessagePassingError.callFailed(call: "MPI_Win_shared_query", errorClass: 0, text: "no address")
    }
    // Every rank maps the file at the start of some page, so this leads all of them to the same byte.
    base = UnsafeMutableRawPointer(bitPattern: (Int(bitPattern: start) + page - 1) / page * page)!
    self.window = window
    if team.isRoot { Self.clearUsedPages(base, bytes: bytes, page: page) }
    try team.barrier()
  }

  /// Gives the memory back; it must not be used afterwards. Where it is not called, MPI releases the window when the
  /// world is finalised. **Collective** over the team.
  package func free() throws {
    guard !isFreed else { return }
    isFreed = true
    if window != nil {
      try check(cmpi_window_free(&window), "MPI_Win_free")
    } else {
      Self.releasePrivately(base, bytes: bytes)
    }
  }

  deinit {
    // A window can only be freed together; private memory needs nobody else.
    if !isFreed, window == nil { Self.releasePrivately(base, bytes: bytes) }
  }

  /// Throws ``MessagePassingError/noSharedMemory(bytes:free:directory:)`` on all ranks alike if the file system that
  /// holds shared memory has not enough room for windows whose sizes add up to the sum of `bytes` over the group.
  ///
  /// For several teams of one node that will make their windows at about the same time: rank 0 of each team gives its
  /// window's bytes, the other ranks 0.
  ///
  /// **Collective** over the group, whose ranks are on one node.
  package static func verifyRoom(bytes: Int, on group: Communicator) throws {
    guard group.size > 1 else { return }
    let bytes = Int(try group.allReduce(Int64(bytes)))
    let room = group.isRoot ? SharedMemoryRoom.current : nil
    let free = Int(try group.broadcast(Int64(room?.free ?? .max)))
    let demand = SharedMemoryRoom.demand(ofWindow: bytes)
    guard free < demand else { return }
    let directory = try group.broadcast(Array((room?.directory ?? "").utf8))
    throw MessagePassingError.noSharedMemory(
      bytes: demand, free: free, directory: String(decoding: directory, as: UTF8.self))
  }

  /// Makes sure that the memory is zero without touching what was never written.
  ///
  /// A new file is zero, and costs nothing until it is written. But Open MPI opens its file without truncating it: one
  /// of the same name that a killed job left behind would bring its old numbers along. So every page that the system
  /// holds already is cleared, and only those; there are none when the file is new.
  private static func clearUsedPages(_ base: UnsafeMutableRawPointer, bytes: Int, page: Int) {
    let batch = 4096
    var residence = [UInt8](repeating: 0, count: batch)
    var start = 0
    while start < bytes {
      let length = min(batch * page, bytes - start)
      let pages = (length + page - 1) / page
      let isKnown = mincore(base + start, length, &residence) == 0
      for index in 0..<pages where !isKnown || residence[index] & 1 != 0 {
        let offset = start + index * page
        memset(base + offset, 0, min(page, bytes - offset))
      }
      start += length
    }
  }

  private static func allocatePrivately(bytes: Int) -> UnsafeMutableRawPointer? {
    let memory = mmap(nil, max(1, bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return memory == MAP_FAILED ? nil : memory
  }

  private static func releasePrivately(_ memory: UnsafeMutableRawPointer, bytes: Int) { munmap(memory, max(1, bytes)) }
}
