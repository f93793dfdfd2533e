import Encoders
import Estimation
import Foundation
import Testing

@Suite("Kinds of statistics")
struct StatisticKindTests {
  private static let layout = ModelLayout(
    of: EncoderConfiguration(
      layers: 2, hidden: 12, heads: 3, intermediate: 20, vocabulary: 30, positions: 12, tokenTypes: 2, outputs: 3))

  @Test("a kind says the same of itself as its statistic does", arguments: StatisticKind.all, [false, true])
  func consistent(kind: StatisticKind, head: Bool) {
    let options = EstimationOptions(includesClassifier: head)
    let statistic = kind.empty(Self.layout, options)
    let tensors = kind.tensors(Self.layout, options)
    #expect(statistic.interests == kind.interests)
    #expect(statistic.sums.slots.map(\.name) == tensors.map(\.name))
    #expect(statistic.sums.slots.map(\.shape) == tensors.map(\.shape))
    #expect(statistic.sums.slots.map(\.isMoment) == tensors.map { $0.name.hasSuffix(".second_moment") })
  }

  @Test("what a tensor is beside another names that one, in the shape that it says", arguments: StatisticKind.all)
  func roles(kind: StatisticKind) throws {
    let tensors = kind.tensors(Self.layout, EstimationOptions(includesClassifier: true))
    let byName = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    for tensor in tensors {
      switch tensor.role {
      case .sums, .zeros: break
      case .counts: #expect(tensor.shape == [Self.layout.configuration.vocabulary])
      case .outputSketch(let outputs, let trace):
        #expect(tensor.shape == [outputs, OutputSketch.columns(outputs: outputs)])
        #expect(byName[trace]?.role == .sums && byName[trace]?.shape == [1])
      case .gram(let order, _): #expect(tensor.shape == [order * (order + 1) / 2])
      case .trace(let other): #expect(byName[other] != nil && tensor.shape == [1])
      case .secondMoment(let other): #expect(try #require(byName[other]).shape == tensor.shape)
      case .inputSums(let other):
        guard case .gram(let order, _) = byName[other]?.role else {
          Issue.record("\(tensor.name) is beside no Gram matrix")
          continue
        }
        #expect(tensor.shape == [order])
      }
    }
    for table in kind.errorTables(Self.layout) {
      for entry in table.tensors {
        #expect(byName[entry.sums]?.count == entry.count && byName[entry.squares]?.count == entry.count)
      }
    }
    // Counts are no means, which are known more or less well.
    let isMean = kind != .tokenCounts
    #expect(kind.errorTables(Self.layout).isEmpty != isMean)
    #expect(kind.highlights(Self.layout, EstimationOptions()).isEmpty != isMean)
  }

  @Test("the zeros of a Fisher are the keys' biases")
  func zeros() {
    let zeros = StatisticKind.all.flatMap { $0.tensors(Self.layout, EstimationOptions()) }.filter { $0.role == .zeros }
    #expect(
      zeros.map(\.name) == (0..<2).map { "bert.encoder.layer.\($0).attention.self.key.bias" })
  }

  @Test("the names are those of files and options, with hyphens as good as underscores")
  func names() throws {
    #expect(
      StatisticKind.all.map(\.name)
        == ["mask_fisher", "fisher", "gram", "output_metric", "kfac", "token_counts", "token_fisher"])
    #expect(StatisticKind.all.map(\.needsGradients) == [true, true, false, true, true, false, true])
    #expect(StatisticKind(named: "mask-fisher") == .maskFisher && StatisticKind(named: "mask_fisher") == .maskFisher)
    #expect(StatisticKind(named: "maskfisher") == nil && StatisticKind(named: "") == nil)
    let encoded = try JSONEncoder().encode(StatisticKind.all)
    #expect(
      String(decoding: encoded, as: UTF8.self)
        == #"["mask_fisher","fisher","gram","output_metric","kfac","token_counts","token_fisher"]"#)
    #expect(try JSONDecoder().decode([StatisticKind].self, from: encoded) == StatisticKind.all)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([StatisticKind].self, from: Data(#"["hessian"]"#.utf8))
    }
  }
}
