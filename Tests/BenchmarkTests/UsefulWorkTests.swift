import Datasets
import Encoders
import Foundation
import SystemPackage
import TestSupport
import Testing
import Tokenizers
import Workbench

@Suite("Useful work")
struct UsefulWorkTests {
  @Test(
    "The formula counts what the products that are written down one by one count",
    arguments: [(1, 2), (2, 2), (2, 3), (4, 3), (5, 6)])
  func counts(layers: Int, classes: Int) {
    let configuration = EncoderConfiguration(
      layers: layers, hidden: 12, heads: 3, intermediate: 20, vocabulary: 30, positions: 16, tokenTypes: 2,
      outputs: classes)
    let lengths = [9, 5, 2, 1]
    let replay = ProductReplay(weights: SyntheticModel(configuration).weights, columns: classes - 1)
    let offsets = lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    replay.run(Segments(offsets: offsets))
    let work = UsefulWork(configuration, lengths: lengths)
    #expect(work.maskFisher(columns: classes - 1) == replay.operations)
    // A second block counts as much as the first.
    replay.run(Segments(offsets: offsets))
    #expect(2 * work.maskFisher(columns: classes - 1) == replay.operations)
  }

  @Test("A case counted by hand")
  func byHand() {
    let configuration = EncoderConfiguration(
      layers: 2, hidden: 2, heads: 1, intermediate: 3, vocabulary: 9, positions: 4, tokenTypes: 2, outputs: 2)
    let work = UsefulWork(configuration, lengths: [4])
    // Layer 0: Q, K, V, O 4 · 2·4·2·2 = 128; feed-forward 2 · 2·4·2·3 = 96; scores and context 2 · 2·4·4·2 = 128.
    // Layer 1: K and V 2 · 2·4·2·2 = 64; of one row Q and O 16, feed-forward 24, scores and context 2 · 2·1·4·2 = 32.
    // Pooler 8, classifier 8.
    #expect(work.forward == 128 + 96 + 128 + 64 + 16 + 24 + 32 + 8 + 8)
    // Classifier and pooler 16; layer 1: feed-forward 24, O 8, attention 4 · 2·1·4·2 = 64, Q 8, K and V 64;
    // layer 0: feed-forward 96, O 32.
    #expect(work.backwardToMasks == 16 + 24 + 8 + 64 + 8 + 64 + 96 + 32)
  }
}

@Suite("Synthetic examples")
struct SyntheticExamplesTests {
  @Test("Lengths are those of short texts, from few examples on", arguments: [17, 64, 1000])
  func lengths(count: Int) {
    let examples = SyntheticExamples(count: count, vocabulary: 30522)
    let mean = Double(examples.tokens) / Double(count)
    #expect((28...33).contains(mean))
    #expect(examples.lengths.allSatisfy { (8...128).contains($0) })
    #expect((examples.lengths.max() ?? 0) > 60)
    #expect(examples.ids == SyntheticExamples(count: count, vocabulary: 30522).ids)
    #expect(examples.ids != SyntheticExamples(count: count, vocabulary: 30522, seed: 2).ids)
  }

  @Test("A model's tokenizer makes the same ids of the text as were written")
  func tokenizer() throws {
    let scratch = try Scratch()
    let model = SyntheticModel(ModelShape.minute.configuration(classes: 2))
    try model.write(to: scratch.path)
    let stored = try StoredModel(directory: scratch.path)
    #expect(stored.configuration == model.configuration)
    let examples = SyntheticExamples(count: 5, vocabulary: 300)
    let file = scratch.path.appending("examples.jsonl")
    try examples.writeText(to: file)
    let tokenizer = try Tokenizer(directory: scratch.path)
    let lines = try String(contentsOfFile: file.string, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 5)
    for (line, ids) in zip(lines, examples.ids) {
      let sentence = try #require(line.split(separator: "\"").dropFirst(3).first)
      let encoding = tokenizer.encode(String(sentence), maximumLength: 128)
      #expect(encoding.ids == ids)
    }
  }
}
