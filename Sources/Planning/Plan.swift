import Checkpoints
import Estimation
import Foundation
import LinearAlgebra
import Merging
import ModelMerging
import Recipes

/// All that a run will do, decided before any work: immutable, complete, and the same on all ranks.
///
/// The root makes it by opening and checking every file; the others get it by broadcast and compare its hash.
package struct Plan: Codable, Sendable {
  /// Changes whenever the numbers that a plan stands for could change.
  static let currentVersion = 7

  package var version = Plan.currentVersion
  /// The method and its settings; nil where nothing is merged.
  package var method: MethodSettings?
  package var sampling: Sampling
  package var statistics: [StatisticKind]
  package var outputType: Recipe.OutputType
  package var heads: HeadPolicy
  package var compatibility: Compatibility?
  package var models: [PlannedModel]
  /// The models' common base, where the method needs it.
  package var base: PlannedBase?

  package init(
    method: MethodSettings? = nil, sampling: Sampling, statistics: [StatisticKind] = [],
    outputType: Recipe.OutputType = .float32, heads: HeadPolicy = .keep, compatibility: Compatibility? = nil,
    models: [PlannedModel], base: PlannedBase? = nil
  ) {
    self.method = method
    self.sampling = sampling
    self.statistics = statistics
    self.outputType = outputType
    self.heads = heads
    self.compatibility = compatibility
    self.models = models
    self.base = base
  }

  /// Blocks of at most so many tokens: enough rows for the products to run near their best speed, few enough that the
  /// activations of a BERT-base block stay below 400 MB.
  package static let blockTokens = 512
  /// And of at most so many examples.
  package static let blockExamples = 64

  /// SHA-256 of all that decides the numbers, in hexadecimal: the same for the same work, wherever the files are.
  package func hash() throws -> String {
    var work = self
    for index in work.models.indices {
      work.models[index].reference = ""
      work.models[index].directory = ""
      work.models[index].notes = []
      work.models[index].data?.file = ""
      work.models[index].statistics?.files = []
      work.models[index].statistics?.warnings = []
      work.models[index].validation?.file = ""
      work.models[index].test = nil
    }
    work.base?.directory = ""
    return SHA256.hash(data: try work.encoded()).hexadecimal
  }

  package func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}

extension Plan {
  /// What the method says of itself.
  package var declaration: MethodDeclaration? { method.map { MergeMethods.declaration(of: $0) } }

  /// The method.
  ///
  /// - Throws: ``MergingError`` for settings that do not go together; the planner has found these.
  package func mergeMethod() throws(MergingError) -> any MergeMethod {
    guard let method else { preconditionFailure("a plan for a merge") }
    return try MergeMethods.make(method, models: models.count)
  }

  package var names: [String] { models.map(\.name) }

  /// λ of all models, as the method takes them.
  package func coefficients() throws(MergingError) -> Coefficients {
    try Coefficients(models.map(\.weight), models: names, declaration?.weights ?? .shares)
  }

  package var needsStatistics: Bool { !statistics.isEmpty }
  /// Whether layers are merged one after the other, on activations of the examples.
  package var isLayerwise: Bool { declaration?.isLayerwise ?? false }
  /// Whether the examples are needed once more when the statistics are there.
  package var readsExamplesAgain: Bool { isLayerwise || heads == .resolve }
  /// Whether any of them is to be estimated.
  package var estimates: Bool { needsStatistics && models.contains { $0.statistics == nil } }
}

extension Recipe.OutputType {
  /// How files of this type hold numbers.
  package var precision: StoredPrecision {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    }
  }
}
