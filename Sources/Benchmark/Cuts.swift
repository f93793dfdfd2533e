import Workbench
import Datasets
import Planning

/// How examples are cut into blocks, as far as it would disturb a measurement of few of them: in a run of thousands
/// neither a last block that is nearly empty nor a rank that gets one block more counts for anything.
enum Cuts {
  /// The tokens of each block.
  static func blocks(_ count: Int) -> [Int] {
    BlockPlan(
      lengths: SyntheticExamples.lengths(count: count), rowIndices: Array(0..<count),
      maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples
    ).blocks.map(\.tokenCount)
  }

  /// The number of examples, from `least` on, whose blocks are fullest.
  static func fullest(from least: Int) -> Int {
    func fill(_ count: Int) -> Double {
      let blocks = blocks(count)
      return Double(blocks.reduce(0, +)) / Double(blocks.count * Plan.blockTokens)
    }
    return (least...least + least / 4).max { fill($0) < fill($1) } ?? least
  }

  /// The number of examples, from `least` on, whose work beyond that of `few` two ranks can best halve.
  static func mostEven(from least: Int, beyond few: Int) -> Int {
    func excess(_ count: Int) -> Double {
      let (all, start) = (blocks(count), blocks(few))
      let alone = Double(all.reduce(0, +) - start.reduce(0, +))
      return abs(alone / Double(longerHalf(all) - longerHalf(start)) - 2)
    }
    return (least...least + least / 4).min { excess($0) < excess($1) } ?? least
  }

  /// The tokens of the rank that is done last, where two take the next block whenever they are free.
  private static func longerHalf(_ blocks: [Int]) -> Int {
    var (a, b) = (0, 0)
    for block in blocks { if a <= b { a += block } else { b += block } }
    return max(a, b)
  }
}
