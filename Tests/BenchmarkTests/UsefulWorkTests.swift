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

  /// Few rows in few columns, and all that the blocks of the families have: more distances than buckets, a window that is
  /// narrower than the examples and one that is wider, layers that run twice, and the mean of all tokens.
  private static let others: [EncoderConfiguration] = ModelShape.minuteOthers.flatMap { shape in
    let first = shape.configuration(classes: 3)
    var (mean, wide) = (first, first)
    mean.variant.poolsMean = true
    wide.variant.rotary?.window = 100
    wide.variant.disentangled?.positionToContent = false
    wide.variant.disentangled?.buckets = nil
    return [first, mean, wide]
  }

  @Test("The same of families that have layers of their own", arguments: others)
  func countsOfOthers(configuration: EncoderConfiguration) {
    // The second is long enough for several spans of queries.
    for blocks in [[[9, 5, 2, 1]], [[1]], [[100, 70], [12, 12, 3]]] {
      let replay = ProductReplay(weights: SyntheticModel(configuration).weights, columns: 2)
      for lengths in blocks {
        replay.run(Segments(offsets: lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }))
      }
      #expect(UsefulWork(configuration, blocks: blocks).maskFisher(columns: 2) == replay.operations)
    }
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

extension UsefulWorkTests {
  @Test("A gate, a window and a shared layer, counted by hand")
  func othersByHand() {
    var configuration = EncoderConfiguration(
      modelType: "modernbert", layers: 2, hidden: 2, heads: 1, intermediate: 3, vocabulary: 9, positions: 4,
      tokenTypes: 0, outputs: 2)
    configuration.variant.rotary = EncoderConfiguration.Rotary(
      globalTheta: 9, localTheta: 9, window: 1, isLocal: [true, false])
    let work = UsefulWork(configuration, lengths: [4])
    // As BERT's below, but three feed-forward matrices: 144 instead of 96 and 36 instead of 24; and in layer 0 ten pairs
    // of neighbours instead of sixteen: 2 · 2·10·2 = 80 instead of 128.
    #expect(work.forward == 128 + 144 + 80 + 64 + 16 + 36 + 32 + 8 + 8)
    #expect(work.backwardToMasks == 16 + 36 + 8 + 64 + 8 + 64 + 144 + 32)

    var albert = EncoderConfiguration(
      modelType: "albert", layers: 1, hidden: 2, embedding: 1, heads: 1, intermediate: 3, vocabulary: 9, positions: 4,
      tokenTypes: 2, outputs: 2)
    albert.variant.sharing = EncoderConfiguration.LayerSharing(groups: 1, inner: 2)
    // BERT's with two layers, and the projection of four tokens.
    #expect(UsefulWork(albert, lengths: [4]).forward == 504 + 16)
  }

  @Test("Rows of the table of relative positions, counted by hand")
  func tableRows() {
    var configuration = ModelShape.minuteOthers[2].configuration(classes: 2)
    let none = configuration
    // Distances −4 … 4 have a row each, 5 … 39 are rounded up to one of rows 5 … 7.
    configuration.variant.disentangled?.positionToContent = false
    let both = UsefulWork(none, lengths: [3]).forward - UsefulWork(configuration, lengths: [3]).forward
    // Five rows through one layer of 32² weights, in both layers; three keys with five rows, and in the last layer with
    // the three rows that the first token leads to.
    #expect(both == Double(2 * 2 * 5 * 32 * 32 + 2 * 32 * 3 * (5 + 3)))
  }
}

@Suite("Synthetic models")
struct SyntheticModelTests {
  @Test("A directory of any family is read as the configuration that it was written for", arguments: 0..<4)
  func configurations(index: Int) throws {
    let scratch = try Scratch()
    let model = SyntheticModel(ModelShape.minuteOthers[index].configuration(classes: 3))
    try model.write(to: scratch.path)
    let stored = try StoredModel(directory: scratch.path)
    #expect(stored.configuration == model.configuration)
    #expect(stored.notes.isEmpty)
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
