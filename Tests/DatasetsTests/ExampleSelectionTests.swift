import Testing
import Tokenizers

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

  @Test("The shards of a cut have every row once, and a choice in a shard is drawn among its rows")
  func shards() throws {
    for count in [1, 3, 7, 40] {
      let shards = try (1...count).map { try #require(Shard($0, of: count)) }
      #expect(shards.flatMap { ExampleSelection.all.within($0).rows(of: 20) }.sorted() == Array(0..<20))
      for (index, shard) in shards.enumerated() {
        #expect(ExampleSelection.all.within(shard).rows(of: 20).allSatisfy { $0 % count == index })
      }
    }
    let shard = try #require(Shard("2/3"))
    let rows = ExampleSelection.random(count: 4, seed: 5).within(shard).rows(of: 30)
    #expect(rows.count == 4 && rows.allSatisfy { $0 % 3 == 1 })
    // The first of the shard's rows in the order of the seed.
    let order = ExampleSelection.order(of: Array(0..<30), seed: 5)
    #expect(rows == order.filter { $0 % 3 == 1 }.prefix(4).sorted())
  }

  @Test("A shard is written i/n", arguments: ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3/3", "a/b", "1/ 3", "+1/3"])
  func malformed(text: String) {
    #expect(Shard(text) == nil)
    #expect(Shard("3/3")?.description == "3/3" && Shard("1/1")?.number == 1)
  }

  @Test("Rounds hold every example once, grow by a quarter, and are what smaller choices by the seed are")
  func rounds() {
    var examples = TokenizedExamples(fileRowCount: 4000)
    // Rows with gaps, as a choice leaves them.
    for row in stride(from: 3, to: 4000, by: 3) {
      let ids = [Int32](repeating: 1, count: 2 + row % 5)
      examples.append(
        Encoding(ids: ids, typeIDs: ids.map { _ in 0 }, textTokenCount: 1, isTruncated: false), rowIndex: row,
        target: .none)
    }
    let rounds = examples.rounds(first: 100, seed: 9)
    #expect(rounds.flatMap { $0 }.sorted() == Array(0..<examples.count))
    #expect(rounds.prefix(6).map(\.count) == [100, 25, 31, 39, 48, 60])
    let rows = examples.rowIndices
    var used: [Int] = []
    for round in rounds {
      used = (used + round).sorted()
      let order = ExampleSelection.order(of: rows, seed: 9)
      #expect(used.map { rows[$0] } == order.prefix(used.count).sorted())
    }
    let part = examples.part(rounds[0].sorted())
    #expect(part.count == 100 && part.fileRowCount == 4000)
    for (index, example) in rounds[0].sorted().enumerated() {
      #expect(part[index].rowIndex == rows[example] && part.length(index) == examples.length(example))
    }
    #expect(examples.rounds(first: 5000, seed: 9).count == 1)
  }
}
