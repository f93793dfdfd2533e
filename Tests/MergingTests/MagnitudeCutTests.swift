import Testing

@testable import Merging

@Suite("Cuts by magnitude")
struct MagnitudeCutTests {
  private func kept(_ entries: [Float], _ count: Int) -> [Int] {
    var cut = MagnitudeCut(keeping: count) { take in entries.forEach(take) }
    return entries.indices.filter { cut.keeps(entries[$0]) }
  }

  @Test("as many as asked for, the largest, and of equal ones the first")
  func sorted() {
    var generator = SystemRandomNumberGenerator()
    for round in 0..<50 {
      let length = Int.random(in: 1...400, using: &generator)
      // Few different values, so that there are many equal ones; subnormal, huge and negative ones among them.
      let tiny = Float.leastNonzeroMagnitude
      let values: [Float] = [0, -0, 3 * tiny, -3 * tiny, 1, -1, 1.0000001, 3e38, -2, 0.5]
      let entries = (0..<length).map { _ in
        round % 2 == 0 ? values.randomElement(using: &generator) ?? 0 : Float.random(in: -1...1, using: &generator)
      }
      let count = Int.random(in: 1...length, using: &generator)
      let order = entries.indices.sorted {
        (-entries[$0].magnitude, $0) < (-entries[$1].magnitude, $1)
      }
      #expect(kept(entries, count) == order.prefix(count).sorted(), "\(entries), \(count)")
    }
  }

  @Test("no cut keeps everything")
  func none() {
    var cut = MagnitudeCut.none
    #expect([Float(0), -0, 1, -Float.leastNonzeroMagnitude].allSatisfy { cut.keeps($0) })
  }
}
