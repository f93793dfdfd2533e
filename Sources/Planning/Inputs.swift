import Checkpoints
import Datasets
import Encoders
import StatisticsFiles

/// What was opened for a plan: models, examples and statistics, in recipe order. On the root alone.
package final class Inputs {
  /// A model that was opened, with the examples that were chosen for it.
  package struct Source {
    package let model: StoredModel
    /// Nil where the method needs none, and once they were used.
    package fileprivate(set) var examples: TokenizedExamples?
    /// Nil where there are none in the recipe.
    package let validation: TokenizedExamples?
    package let test: TokenizedExamples?
    /// The statistics in place of examples, as they were checked. Nil where another rank has checked them.
    package let statistics: CombinedStatistics?
    /// Nil for an evaluation, and while they are computed.
    package fileprivate(set) var hashes: InputHashes?

    package init(
      model: StoredModel, examples: TokenizedExamples?, validation: TokenizedExamples?, test: TokenizedExamples?,
      statistics: CombinedStatistics?, hashes: InputHashes?
    ) {
      self.model = model
      self.examples = examples
      self.validation = validation
      self.test = test
      self.statistics = statistics
      self.hashes = hashes
    }

    /// The same for a rank that may not have the examples.
    package var withoutExamples: Source {
      Source(
        model: model, examples: nil, validation: nil, test: nil, statistics: statistics, hashes: hashes)
    }
  }

  package private(set) var sources: [Source]
  /// The model named as `base_model`, if any, and what was read of it.
  package let base: BaseModel?
  package let baseHashes: InputHashes?
  /// The hashes of the only source, while they are computed.
  private var pendingHashes: PendingHashes?

  /// A site's models, for its own ranks.
  package convenience init(ofSite sources: [Source]) { self.init(sources, base: nil) }

  init(
    _ sources: [Source], base: (model: BaseModel, hashes: InputHashes)? = nil, pendingHashes: PendingHashes? = nil
  ) {
    self.sources = sources
    self.base = base?.model
    baseHashes = base?.hashes
    self.pendingHashes = pendingHashes
  }

  package var models: [StoredModel] { sources.map(\.model) }

  /// The hashes of a model and its data. Waits for those that are still computed.
  package func hashes(of index: Int) throws -> InputHashes {
    if let pending = pendingHashes {
      pendingHashes = nil
      sources[0].hashes = try pending.wait()
    }
    guard let hashes = sources[index].hashes else { preconditionFailure("what is planned for a merge is hashed") }
    return hashes
  }

  /// The same once more, for a pass over the data that lets go of examples while they are needed later.
  package func copy() -> Inputs {
    Inputs(sources, base: base.flatMap { base in baseHashes.map { (base, $0) } }, pendingHashes: pendingHashes)
  }

  /// Some of the sources.
  package func part(_ indices: [Int]) -> Inputs {
    Inputs(
      indices.map { sources[$0] }, base: base.flatMap { base in baseHashes.map { (base, $0) } },
      pendingHashes: pendingHashes)
  }

  /// Lets go of a model's examples, so that memory does not grow with the number of tasks for the rest of the run.
  package func releaseExamples(of index: Int) { sources[index].examples = nil }
}
