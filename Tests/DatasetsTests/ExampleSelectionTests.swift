import Testing

@testable import Datasets

@Suite("Choosing examples by a seed")
struct ExampleSelectionTests {
  @Test("mix gives the published sequence of SplitMix64")
  func publishedSequence() {
    func sequence(_ seed: UInt64) -> [UInt64] {
      (0..<3).map { SplitMix64.mix(seed &+ $0 &* 0x9E37_79B9_7F4A_7C15) }
    }
    #expect(sequence(0) == [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F])
    #expect(
      sequence(1_234_567) == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
  }

  @Test("The rows are those that an independent computation gives")
  func goldenRows() {
    // Python: sorted(sorted(range(20), key=lambda i: (mix(mix(seed) ^ i), i))[:6])
    #expect(ExampleSelection.random(count: 6, seed: 0).rows(of: 20) == [1, 4, 5, 11, 13, 18])
    #expect(ExampleSelection.random(count: 6, seed: 42).rows(of: 20) == [0, 2, 4, 7, 13, 16])
  }

  @Test("A choice is without replacement, in order, and contains every smaller one", arguments: [0, 1, 7, UInt64.max])
  func prefixes(seed: UInt64) {
    let rowCount = 3000
    var smaller: Set<Int> = []
    for count in [0, 1, 2, 128, 256, 512, 2999, 3000, 5000] {
      let rows = ExampleSelection.random(count: count, seed: seed).rows(of: rowCount)
      #expect(rows.count == min(count, rowCount))
      #expect(rows == Set(rows).sorted())
      #expect(rows.allSatisfy((0..<rowCount).contains))
      #expect(smaller.isSubset(of: rows))
      smaller = Set(rows)
    }
  }

  @Test("Different seeds choose differently, and every row about equally often")
  func uniform() {
    var counts = [Int](repeating: 0, count: 50)
    for seed in UInt64(0)..<2000 {
      for row in ExampleSelection.random(count: 10, seed: seed).rows(of: 50) { counts[row] += 1 }
    }
    // 400 expected, standard deviation about 18: five of them are 90.
    #expect(counts.allSatisfy { abs($0 - 400) < 90 }, "\(counts)")
  }

  @Test("All rows are chosen where none are left out")
  func all() { #expect(ExampleSelection.all.rows(of: 4) == [0, 1, 2, 3]) }
}
