import Estimation
import LinearAlgebra
import Merging
import Parameters
import Reporting

/// `mask_fisher`: weights by the Fisher information of attention heads' and feed-forward neurons' masks.
struct MaskFisherMethod: MergeMethod {
  static let declaration = MethodDeclaration(
    name: "mask_fisher", summary: "weights by the Fisher information of heads' and neurons' masks",
    source: "Fisher Mask Nodes, arXiv 2403.09891",
    statistics: { $0.flag("token_nodes") ? ["mask_fisher", "token_fisher"] : ["mask_fisher"] },
    settings: MaskFisherRule.settings,
    hidden: [
      .init(
        "zeros", .word([("keep", "as they are"), (MaskFisherRule.Zeros.becomeOne.rawValue, "see compatibility.md")]),
        .word("keep"))
    ],
    presets: [
      .init("fisher-nodes", source: "Fisher Mask Nodes, arXiv 2403.09891", MaskFisherRule.fisherNodes.values)
    ],
    variants: [
      .init("mask, paper", MaskFisherRule.fisherNodes.values),
      .init("mask, structural", ["normalize": .word("none"), "token_nodes": .flag(false)]),
      .init("mask, structural, norm per model", ["token_nodes": .flag(false)]), .init("mask, token nodes"),
    ])

  private let rule: MaskFisherRule

  init(_ settings: MethodSettings, models: Int) { rule = MaskFisherRule(settings) }

  func prepare(_ inputs: MergeInputs) throws -> any MergePreparation {
    let c = inputs.models[0].configuration
    return MaskFisherPreparation(
      rule: rule, inputs: inputs,
      masks: try zip(inputs.readers, inputs.names).map { reader, name in
        try MaskFisherSums(
          model: name, layers: c.depth, heads: c.heads, neurons: c.intermediate,
          headSums: try reader.values(MaskFisherTensor.heads.rawValue, count: c.depth * c.heads),
          neuronSums: try reader.values(MaskFisherTensor.neurons.rawValue, count: c.depth * c.intermediate),
          exampleCount: reader.examples)
      },
      tokenMasks: try rule.tokenNodes
        ? inputs.readers.map { try $0.values(StatisticKind.tokenMaskTensor, count: c.vocabulary) } : [])
  }
}

private struct MaskFisherPreparation: MergePreparation {
  let rule: MaskFisherRule
  let inputs: MergeInputs
  let masks: [MaskFisherSums]
  /// Of each model, [vocabulary]; empty where the rule has no token nodes.
  let tokenMasks: [[Double]]

  var magnitude: StatisticMagnitude? {
    StatisticMagnitude(name: "u", key: "mean_mask_fisher", values: masks.map { MaskFisherMeans($0).overall })
  }

  func merge(by coefficients: Coefficients) throws -> any ParameterMerge {
    MaskFisherMerge(
      self, try MaskFisherWeights(masks, tokenSums: tokenMasks, rule: rule, coefficients: coefficients))
  }
}

private final class MaskFisherMerge: ParameterMerge {
  private let preparation: MaskFisherPreparation
  private let weights: MaskFisherWeights
  private let averages: AveragedParameters
  private(set) var plainEntries = 0

  init(_ preparation: MaskFisherPreparation, _ weights: MaskFisherWeights) {
    self.preparation = preparation
    self.weights = weights
    averages = AveragedParameters(sources: preparation.inputs.models)
  }

  func forEachPiece(
    of parameter: Parameter, _ body: (Range<Int>, _ merge: (Vector<Float>) throws -> Void) throws -> Void
  ) throws {
    let site = try weights.weights(at: parameter.role)
    plainEntries += site.plainBlocks * (parameter.count / site.blockCount)
    try averages.forEachPiece(of: parameter, by: site, body)
  }

  /// How important heads and neurons are to each task, and who decides about a head.
  func illustrate(_ report: inout Report, tasks: [String]) throws {
    let means = preparation.masks.map { MaskFisherMeans($0) }
    report.headImportance = Report.HeadImportance(
      tasks: zip(tasks, means).map { Report.HeadGrid($0, $1.head) },
      caption: "The Fisher information of each attention head's mask, the mean of one example.")
    report.neuronImportance = Report.NeuronImportance(
      tasks: zip(tasks, means).map { name, means in .init(name, quantiles: means.neuron.map { Self.quantiles($0) }) },
      caption: "The Fisher information of the feed-forward neurons' masks, by layer.")
    // What stands before a head's mask in each layer, the first such matrix: the queries.
    var places: [Parameter] = []
    for parameter in preparation.inputs.parameters
    where parameter.role.spread.first == .rows(.heads, isScaled: false) && parameter.kind == .weight {
      if places.last?.layer != parameter.layer { places.append(parameter) }
    }
    let heads = preparation.inputs.models[0].configuration.heads
    let shares = try places.map { try weights.weights(at: $0.role) }
    report.mergeWeights = Report.MergeWeights(
      tasks: tasks.indices.map { model in
        Report.HeadGrid(
          tasks[model],
          shares.map { site in site.values[model].indices.prefix(heads).map { site.values[model][$0] / site.sums[$0] } }
        )
      }, caption: "The share of each task in the merged query and key weights of a head, coefficients included.")
  }

  /// Nine quantiles of some values.
  private static func quantiles(_ values: [Double]) -> [Double] {
    let sorted = values.sorted()
    return [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1].map { share in
      let place = share * Double(sorted.count - 1)
      let below = Int(place)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
    }
  }
}

extension MaskFisherRule {
  fileprivate static let settings: [SettingDeclaration] = [
    .init(
      "rule",
      SettingDeclaration.words(of: Assignment.self) {
        switch $0 {
        case .paper: "the published table"
        case .structural: "a mask weighs the parameters that it multiplies"
        }
      }, .word(standard.rule.rawValue)),
    .init(
      "normalize",
      SettingDeclaration.words(of: Normalization.self) {
        switch $0 {
        case .none: "the masks as they are"
        case .model: "each model's masks divided by their mean $u$"
        }
      }, .word(standard.normalize.rawValue)),
    .init(
      "token_nodes", .flag, .flag(standard.tokenNodes),
      "whether a token is a node too: a row of the word embeddings is weighed by the Fisher information of its token's mask"
    ),
  ]

  /// As settings; what a preset is made of.
  fileprivate var values: [String: SettingValue] {
    [
      "rule": .word(rule.rawValue), "normalize": .word(normalize.rawValue), "token_nodes": .flag(tokenNodes),
    ]
  }

  init(_ settings: MethodSettings) {
    self.init(
      rule: settings.word("rule", as: Assignment.self), normalize: settings.word("normalize", as: Normalization.self),
      tokenNodes: settings.flag("token_nodes"),
      zeros: settings.value("zeros") == .word(Zeros.becomeOne.rawValue) ? .becomeOne : nil)
  }
}
