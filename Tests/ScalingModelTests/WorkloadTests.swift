import ScalingModel
import Testing

@Suite("Work that models and statistics make")
struct WorkloadTests {
  @Test("models have the published numbers of parameters")
  func parameters() {
    // bert-base-uncased and bert-large-uncased as transformers counts them (109 482 240 and 335 141 888), and two
    // classes.
    #expect(EncoderShape.base.parameters == 109_482_240 + 2 * 768 + 2)
    #expect(EncoderShape.large.parameters == 335_141_888 + 2 * 1024 + 2)
  }

  @Test("sums have the sizes that docs/performance.md gives for BERT-base")
  func sums() {
    #expect(StatisticKind.fisher.bytes(.base) / 1e6 == 875.870_224)
    #expect((StatisticKind.gram.bytes(.base) / 1e6).rounded() == 541)
    #expect((StatisticKind.maskFisher.bytes(.base) / 1e5).rounded() == 6)
  }

  @Test("the operations of 256 sentences of SST-2 are those of the program's own forecast")
  func operations() {
    // docs/performance.md: 6355 tokens, 2029 and 3043 GFLOP. The squares of the lengths are 2 % of the work; here all
    // are equal.
    let lengths = Array(repeating: 25, count: 211) + Array(repeating: 24, count: 45)
    #expect(lengths.reduce(0, +) == 6355)
    #expect(abs(StatisticKind.maskFisher.operations(.base, lengths: lengths) / 2029e9 - 1) < 0.01)
    #expect(abs(StatisticKind.fisher.operations(.base, lengths: lengths) / 3043e9 - 1) < 0.01)
  }

  @Test("texts are drawn as often as they occur")
  func texts() {
    var random = RandomNumbers(seed: 4)
    let text = TextLengths(name: "three", counts: [0, 1, 0, 3])
    let drawn = (0..<4000).map { _ in text.draw(&random) }
    #expect(Set(drawn) == [1, 3])
    #expect(abs(drawn.filter { $0 == 3 }.count - 3000) < 150)
    for text in TextLengths.measured { #expect(text.counts.reduce(0, +) == 4000) }
    #expect(TextLengths.sst2.mean == 25.327)
  }

  @Test("blocks keep to the program's limit")
  func blocks() {
    let work = Workload(shape: .base, statistic: .maskFisher, tasks: 4, examples: 500)
    #expect(work.tasks.count == 4)
    #expect(Double(work.blocks) >= Double(work.tokens) / 512)
    #expect(Double(work.blocks) <= 1.15 * Double(work.tokens) / 512 + 8)
    #expect(work.measured.allSatisfy { $0.count == 8 })
  }
}
