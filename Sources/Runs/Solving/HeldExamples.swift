import Datasets
import MessagePassing
import Sessions

/// The examples of a merge's models, and who has them: the root, which gives them to all ranks, or the first rank of a
/// site, which gives them to that site's alone.
struct HeldExamples {
  let communicator: Communicator
  private let sites: Sites?
  /// This rank's site; nil where no examples stay at one.
  private let site: Communicator?
  /// On the rank that holds them.
  private let held: (Int) -> TokenizedExamples?

  /// The root's, for all ranks.
  ///
  /// - Parameter root: one for each model; nil on the other ranks.
  init(_ communicator: Communicator, root: [TokenizedExamples]?) {
    self.communicator = communicator
    (sites, site) = (nil, nil)
    held = { root?[$0] }
  }

  /// Those of a run, where they are.
  init(_ run: PlannedRun) {
    communicator = run.communicator
    (sites, site) = (run.sites.division, run.sites.session?.communicator)
    held = { run.sites.own[$0]?.examples ?? run.root?.inputs.sources[$0].examples }
  }

  /// The rank that holds a model's examples.
  func owner(of model: Int) -> Int { sites?.owner(of: model) ?? Communicator.root }

  /// The ranks that may have a model's examples, the one that holds them first; nil on the other ranks.
  func group(of model: Int) -> Communicator? {
    guard let sites, sites.ofModels[model] != nil else { return communicator }
    return sites.ofModels[model] == sites.ofRanks[communicator.rank] ? site : nil
  }

  /// A model's examples, on the rank that holds them; nil elsewhere.
  func examples(of model: Int) -> TokenizedExamples? {
    guard owner(of: model) == communicator.rank else { return nil }
    guard let examples = held(model) else { preconditionFailure("a model with data has examples") }
    return examples
  }

  /// How often each token of the vocabulary occurs in every model's examples: on the root, nil elsewhere. Counts are what
  /// a site tells of its texts.
  ///
  /// **Collective.**
  func tokenCounts(models: Range<Int>, vocabulary: Int) throws -> [[Double]]? {
    var all: [[Double]] = []
    for model in models {
      var counts =
        try communicator.agree(in: "counting tokens") { examples(of: model)?.tokenCounts(vocabulary: vocabulary) }
        ?? [Double](repeating: 0, count: vocabulary)
      let owner = owner(of: model)
      if owner != Communicator.root {
        try counts.withUnsafeMutableBufferPointer { try communicator.broadcast($0, root: owner) }
      }
      all.append(counts)
    }
    return communicator.isRoot ? all : nil
  }
}
