import Foundation
import LinearAlgebra
import MessagePassing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Ranks of one host that share memory: groups of at most `size`, or of all where it is nil.
func team(of communicator: Communicator, size: Int? = nil) throws -> Communicator {
  let node = try communicator.splitByNode()
  guard let size else { return node }
  guard let team = try node.split(color: node.rank / size) else { throw CheckFailure(what: "a rank has no team") }
  try node.free()
  return team
}

/// A fresh window is zero, aligned, the same memory for all ranks, and gives up nothing of what is asked for.
func checkSharedWindow(on communicator: Communicator) throws {
  for size in [nil, 2] {
    let team = try team(of: communicator, size: size)
    for bytes in [0, 8, 4096, 4097, 300_000] {
      let window = try SharedWindow(bytes: bytes, team: team)
      let memory = window.memory
      try expectEqual(memory.count, bytes, "the size of a window")
      try expectEqual(Int(bitPattern: memory.baseAddress) % 4096, 0, "the alignment of a window of \(bytes)")
      try expect(memory.allSatisfy { $0 == 0 }, "a new window of \(bytes) bytes is not zero")
      try team.barrier()
      // Each rank writes every size-th byte, to the very end; all see all of them.
      for index in stride(from: team.rank, to: bytes, by: team.size * 509) { memory[index] = 1 + UInt8(team.rank) }
      try team.barrier()
      for rank in 0..<team.size {
        for index in stride(from: rank, to: bytes, by: team.size * 509) {
          try expectEqual(memory[index], 1 + UInt8(rank), "byte \(index) of \(bytes), which rank \(rank) wrote")
        }
      }
      try team.barrier()
      try window.free()
      try window.free()
    }
    try team.free()
  }
}

/// All ranks add to the same tiles under locks and to the same words: no addition is lost.
func checkSharedSums(on communicator: Communicator) throws {
  let team = try team(of: communicator)
  let (tiles, tileLength, rounds) = (7, 64, 300)
  // Two windows at once; fewer locks than tiles.
  let sums = try SharedWindow(bytes: tiles * tileLength * 8, team: team)
  let control = try SharedWindow(bytes: 4096, team: team)
  let locks = TileLocks(UnsafeMutableRawBufferPointer(rebasing: control.memory[0..<3 * 4]))
  let words = SharedWords(UnsafeMutableRawBufferPointer(rebasing: control.memory[64..<64 + 5 * 8]))
  try expectEqual(locks.count, 3, "the number of locks")
  try expectEqual(words.count, 5, "the number of words")
  let buffer = Buffer<Int64>(count: tiles * tileLength, in: sums.memory, owner: sums)
  for round in 0..<rounds {
    for tile in 0..<tiles {
      let turn = (tile + team.rank + round) % tiles
      locks.withLock(turn) {
        for index in turn * tileLength..<(turn + 1) * tileLength {
          buffer.vector[index] += Int64(index + 1) * Int64(team.rank + 1)
        }
      }
      words.add(Int64(team.rank + 1), to: 0)
    }
    words.raise(1, to: Int64(round * team.size + team.rank))
    var isCounted = false
    while !isCounted {
      let value = words[2]
      isCounted = words.exchange(2, from: value, to: value + 3)
    }
  }
  // Tickets: each number from 0 is drawn by exactly one rank. Enough of them that the ranks draw at the same time.
  let tickets: Int64 = 300_000
  var drawn: Int64 = 0
  try team.barrier()
  while words.add(1, to: 3) < tickets { drawn += 1 }
  try team.barrier()
  let ranks = Int64(team.size * (team.size + 1) / 2)
  for index in 0..<tiles * tileLength {
    try expectEqual(buffer.vector[index], Int64(rounds) * ranks * Int64(index + 1), "the sum at \(index)")
  }
  try expectEqual(words[0], Int64(rounds * tiles) * ranks, "the word that all added to")
  try expectEqual(words[1], Int64(rounds * team.size - 1), "the word that all raised")
  try expectEqual(words[2], Int64(3 * rounds * team.size), "the word that all exchanged")
  try expectEqual(try team.allReduce(drawn), tickets, "the tickets that were drawn")
  try expectEqual(words.raise(1, to: 0), Int64(rounds * team.size - 1), "the previous value")
  try expectEqual(words.exchange(4, from: 1, to: 2), false, "an exchange that finds another value")
  try expectEqual(words[4], 0, "a word that was not exchanged")
  try team.barrier()
  try sums.free()
  try control.free()
  try team.free()
}

/// A window costs what is written of it: half a gigabyte that nobody touches takes no memory.
func checkLazyWindow(on communicator: Communicator) throws {
  let team = try team(of: communicator)
  let window = try SharedWindow(bytes: 512 << 20, team: team)
  let before = Int(try team.allReduce(Int64(try residentKilobytes()), .maximum))
  let words = SharedWords(window.memory)
  // One page in the middle, one at the very end.
  words.add(1, to: words.count / 2)
  words.add(1, to: words.count - 1)
  try team.barrier()
  try expectEqual(words[words.count - 1], Int64(team.size), "the last word")
  try expect(try residentKilobytes() < before + 64 << 10, "a window's pages were taken before they were written")
  try expect(before < 512 << 10, "a rank has \(before) KB in memory after making a window")
  try team.barrier()
  try window.free()
  try team.free()
}

/// A window that nobody frees, whose communicators stay too: MPI takes them back at the end, without complaint.
func checkForgottenWindow(on communicator: Communicator) throws {
  let window = try SharedWindow(bytes: 5000, team: try team(of: communicator))
  SharedWords(window.memory).add(1, to: 0)
}

/// A file that a killed job left behind under the name that Open MPI chooses brings no old numbers into a window.
func checkLeftBehindWindow(on communicator: Communicator) throws {
  let team = try team(of: communicator)
  var names: [String] = []
  if team.rank == 0, let job = getenv("PMIX_NAMESPACE").flatMap({ UInt32(String(cString: $0)) }) {
    let old = [UInt8](repeating: 0x5A, count: 100_000)
    for number in 0..<100 {
      let job = String(job, radix: 16)
      let name = "/dev/shm/osc_sm.\(Place.hostName).\(job).\(communicator.rank).\(number)"
      let file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0o600)
      guard file >= 0 else { continue }
      _ = old.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      close(file)
      names.append(name)
    }
  }
  try team.barrier()
  let window = try SharedWindow(bytes: 90_000, team: team)
  // One of them was taken: where none is, this checks nothing.
  let taken = names.count { access($0, F_OK) != 0 }
  for name in names { unlink(name) }
  try expect(team.size == 1 || team.rank > 0 || taken == 1, "Open MPI took \(taken) of the \(names.count) files")
  try expect(window.memory.allSatisfy { $0 == 0 }, "a window has the contents of an old file")
  try team.barrier()
  try window.free()
  try team.free()
}

/// What of this process is in memory, shared or not; 0 where the system does not tell.
private func residentKilobytes() throws -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, 255, file) != nil else { return 0 }
  let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4
}
