import MessagePassing
import Planning
import Scoring
import Sessions

/// The sites of a run as one rank sees them.
struct RunSites {
  let sites: Sites
  /// The models whose examples stay here, by their place in the plan: of the first rank of a site.
  let own: [Int: Inputs.Source]
  /// The models whose examples this rank's site has, which other sites have not.
  let models: [Int]
  /// The session of this rank's site; nil where it has no such models.
  let session: Session?

  /// The test examples that stay at sites; nil where none do.
  var tests: TaskExamples.SiteExamples? {
    guard sites.isFederated else { return nil }
    return .init(sites: sites, communicator: session?.communicator, own: own.compactMapValues(\.test))
  }

  /// A run whose examples all ranks may have.
  init(_ session: Session, models: Int) {
    sites = Sites(ranks: session.places.count, models: models)
    (own, self.models, self.session) = ([:], [], nil)
  }

  /// **Collective.**
  init(_ sites: Sites, _ own: [Int: Inputs.Source], _ session: Session) throws {
    (self.sites, self.own) = (sites, own)
    guard sites.isFederated else {
      (models, self.session) = ([], nil)
      return
    }
    let rank = session.communicator.rank
    models = sites.models(ofRank: rank)
    let ranks = sites.ofRanks.indices.filter { sites.ofRanks[$0] == sites.ofRanks[rank] }
    let part = try session.communicator.split(color: models.isEmpty ? nil : sites.ofRanks[rank])
    self.session = part.map { session.part($0, ranks: ranks) }
  }
}
