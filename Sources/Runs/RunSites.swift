import MessagePassing
import Planning
import Scoring
import Sessions

/// The sites of a run as one rank sees them.
struct RunSites {
  let division: Sites
  /// The models whose examples stay here, by their place in the plan: of the first rank of a site.
  let own: [Int: Inputs.Source]
  /// The models whose examples this rank's site has, which other sites have not.
  let models: [Int]
  /// The session of this rank's site; nil where it has no such models.
  let session: Session?

  /// The test examples that stay at sites; nil where none do.
  var tests: TaskExamples.SiteExamples? {
    guard division.isFederated else { return nil }
    return .init(sites: division, communicator: session?.communicator, own: own.compactMapValues(\.test))
  }

  /// A run whose examples all ranks may have.
  init(_ session: Session, models: Int) {
    division = Sites(ranks: session.places.count, models: models)
    (own, self.models, self.session) = ([:], [], nil)
  }

  /// **Collective.**
  init(_ division: Sites, _ own: [Int: Inputs.Source], _ session: Session) throws {
    (self.division, self.own) = (division, own)
    guard division.isFederated else {
      (models, self.session) = ([], nil)
      return
    }
    let rank = session.communicator.rank
    models = division.models(ofRank: rank)
    let ranks = division.ofRanks.indices.filter { division.ofRanks[$0] == division.ofRanks[rank] }
    let part = try session.communicator.split(color: models.isEmpty ? nil : division.ofRanks[rank])
    self.session = part.map { session.part($0, ranks: ranks) }
  }
}
