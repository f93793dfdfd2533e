import Testing

@testable import Datasets

@Suite("Cutting examples into blocks")
struct BlockPlanTests {
  static func randomLengths(_ count: Int, seed: UInt64) -> [Int] {
    var generator = SplitMix64(seed: seed)
    return (0..<count).map { _ in Int.random(in: 3...140, using: &generator) }
  }

  @Test(
    "Every example stands in one block, and no block is too large", arguments: [1, 50, 128, 1000, 1_000_000],
    [1, 7, 64])
  func bounds(maximumTokens: Int, maximumExamples: Int) {
    for count in [0, 1, 2, 333] {
      let lengths = Self.randomLengths(count, seed: UInt64(count))
      let plan = BlockPlan(
        lengths: lengths, rowIndices: Array(0..<count), maximumTokens: maximumTokens, maximumExamples: maximumExamples)
      #expect(plan.blocks.flatMap(\.examples).sorted() == Array(0..<count))
      #expect(plan.exampleCount == count)
      #expect(plan.blocks.map(\.index) == Array(0..<plan.blocks.count))
      for block in plan.blocks {
        #expect(block.tokenCount == block.examples.reduce(0) { $0 + lengths[$1] })
        #expect(block.tokenCount <= maximumTokens || block.examples.count == 1)
        #expect(!block.examples.isEmpty && block.examples.count <= maximumExamples)
      }
    }
  }

  @Test("Blocks are filled: the first example of a block does not fit into the one before")
  func filled() {
    let lengths = Self.randomLengths(500, seed: 3)
    let plan = BlockPlan(lengths: lengths, rowIndices: Array(0..<500), maximumTokens: 400, maximumExamples: 9)
    for (block, next) in zip(plan.blocks, plan.blocks.dropFirst()) {
      #expect(block.examples.count == 9 || block.tokenCount + lengths[next.examples[0]] > 400)
    }
  }

  @Test("Examples stand by length, longest first, and equal lengths by row")
  func order() {
    let plan = BlockPlan(
      lengths: [5, 9, 5, 7, 9], rowIndices: [40, 30, 20, 10, 0], maximumTokens: 14, maximumExamples: 8)
    #expect(plan.blocks.map(\.examples) == [[4], [1], [3, 2], [0]])
    #expect(plan.blocks.map(\.tokenCount) == [9, 9, 12, 5])
  }

  @Test("The order in which examples are given does not matter")
  func permutation() {
    let lengths = Self.randomLengths(200, seed: 9)
    var order = Array(0..<200)
    var generator = SplitMix64(seed: 5)
    order.shuffle(using: &generator)
    let plan = BlockPlan(lengths: lengths, rowIndices: Array(0..<200), maximumTokens: 300, maximumExamples: 8)
    let shuffled = BlockPlan(
      lengths: order.map { lengths[$0] }, rowIndices: order, maximumTokens: 300, maximumExamples: 8)
    #expect(plan.blocks.map(\.examples) == shuffled.blocks.map { $0.examples.map { order[$0] } })
  }
}
