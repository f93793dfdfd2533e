import Datasets
import Scheduling
import Testing

@Suite("Sets of blocks")
struct BlockSetTests {
  @Test("they behave as sets of integers do", arguments: 0..<40)
  func properties(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    func random() -> Set<Int> {
      Set((0..<Int.random(in: 0..<30, using: &generator)).map { _ in Int.random(in: 0..<40, using: &generator) })
    }
    let (a, b) = (random(), random())
    let (x, y) = (BlockSet(a), BlockSet(b))
    #expect(x.indices == a.sorted() && x.count == a.count)
    #expect(x.union(y).indices == a.union(b).sorted())
    #expect(x.subtracting(y).indices == a.subtracting(b).sorted())
    #expect(x.isDisjoint(with: y) == a.isDisjoint(with: b))
    #expect(BlockSet(x.description, limit: 40) == x)
    #expect(x.prefix(5).indices == Array(a.sorted().prefix(5)))
    for index in 0..<40 { #expect(x.contains(index) == a.contains(index)) }
    for (first, second) in zip(x.runs, x.runs.dropFirst()) { #expect(first.upperBound < second.lowerBound) }
  }

  @Test(
    "text that is no set is refused",
    arguments: [
      "a", "3-1", "-1", "1-", "1,,2", "2,1", "1-3,2", "1,2", "40", "1-40", " 1", "01", ",", "9999999999999999999",
    ])
  func refused(text: String) {
    #expect(BlockSet(text, limit: 40) == nil)
  }
}
