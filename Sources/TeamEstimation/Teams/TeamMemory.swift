import LinearAlgebra
import MessagePassing

/// The memory that a team shares: locks, control words, and slots for the sums of as many tasks as may be under way.
package final class TeamMemory {
  let slotCount: Int
  let slotWords: Int
  /// Nil in a team of one.
  let locks: TileLocks?
  let control: SharedWords
  private let window: SharedWindow
  private let slots: [Buffer<Int64>]

  private static let lockBytes = 1 << 14

  /// **Collective** over the team.
  init(_ team: Team, controlWords: Int, slotWords: Int, slots slotCount: Int) throws {
    self.slotCount = slotCount
    self.slotWords = slotWords
    let window = try SharedWindow(
      bytes: Self.bytes(controlWords: controlWords, slotWords: slotWords, slots: slotCount), team: team.ranks)
    self.window = window
    func part(_ start: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(rebasing: window.memory[start..<start + count])
    }
    locks = team.ranks.size > 1 ? TileLocks(part(0, Self.lockBytes)) : nil
    control = SharedWords(part(Self.lockBytes, 8 * controlWords))
    let first = Self.slotStart(controlWords: controlWords)
    slots = (0..<slotCount).map { slot in
      Buffer(count: slotWords, in: part(first + slot * 8 * slotWords, 8 * slotWords), owner: window)
    }
  }

  /// Slots begin at a page.
  private static func slotStart(controlWords: Int) -> Int { (lockBytes + 8 * controlWords + 4095) / 4096 * 4096 }

  static func bytes(controlWords: Int, slotWords: Int, slots: Int) -> Int {
    slotStart(controlWords: controlWords) + slots * 8 * slotWords
  }

  /// The words of a slot; valid as long as this object.
  func slot(_ index: Int) -> Vector<Int64> { slots[index].vector }

  /// **Collective** over the team.
  func free() throws { try window.free() }
}
