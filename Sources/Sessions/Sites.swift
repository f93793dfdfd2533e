import Checkpoints
import MessagePassing
import Planning
import SystemPackage

/// Which ranks may see which models' examples.
///
/// A run is federated where rank 0 does not see all data files of the recipe. Then examples stay on the hosts that see
/// them: of each such model one site reads them, and does all the work that needs them. A site are the hosts that see
/// the same files. Nothing but counts, lengths, hashes and sums goes to other hosts.
package struct Sites: Codable, Sendable, Equatable {
  /// By rank, the number of its site.
  package let ofRanks: [Int]
  /// By model, the number of the site that has its examples; nil where all ranks may have them.
  package let ofModels: [Int?]

  /// A run that is not federated.
  package init(ranks: Int, models: Int) {
    ofRanks = Array(repeating: 0, count: ranks)
    ofModels = Array(repeating: nil, count: models)
  }

  /// Divides the ranks.
  ///
  /// - Parameters:
  ///   - stamps: [rank][model][file]; nil for a file that the rank does not see.
  ///   - files: [model][file].
  ///   - hosts: by rank.
  /// - Throws: ``SharingError`` for a model of which no host has all files, and for hosts with other files under one
  ///   path. A file that nobody sees is left to the root to complain about.
  init(_ stamps: [[[FileStamp?]]], files: [[FilePath]], hosts: [String]) throws(SharingError) {
    let models = files.indices
    func sees(_ rank: Int, _ model: Int) -> Bool { stamps[rank][model].allSatisfy { $0 != nil } }
    let isFederated = models.contains { !sees(Communicator.root, $0) }
    let isMissing = models.contains { model in
      files[model].indices.contains { file in stamps.allSatisfy { $0[model][file] == nil } }
    }
    guard isFederated, !isMissing else {
      ofRanks = Array(repeating: 0, count: stamps.count)
      ofModels = files.map { _ in nil }
      return
    }
    for model in models {
      guard let first = stamps.indices.first(where: { sees($0, model) }) else {
        throw .scatteredFiles(files[model])
      }
      for rank in stamps.indices where sees(rank, model) && stamps[rank][model] != stamps[first][model] {
        let file = files[model].indices.first { stamps[rank][model][$0] != stamps[first][model][$0] } ?? 0
        throw .differentData(files[model][file], hosts: [hosts[first], hosts[rank]])
      }
    }
    // Ranks that see the same are one site; of several sites that see a model the one with most ranks has it.
    let seen = stamps.indices.map { rank in models.map { sees(rank, $0) } }
    var kinds: [[Bool]] = []
    for kind in seen where !kinds.contains(kind) { kinds.append(kind) }
    let sites = seen.map { kind in kinds.firstIndex(of: kind) ?? 0 }
    ofRanks = sites
    ofModels = models.map { model in
      guard !stamps.indices.allSatisfy({ sees($0, model) }) else { return nil }
      return kinds.indices.filter { kinds[$0][model] }.max { first, second in
        (sites.count { $0 == first }, second) < (sites.count { $0 == second }, first)
      }
    }
  }

  /// Whether some examples have to stay where they are.
  package var isFederated: Bool { ofModels.contains { $0 != nil } }

  /// The ranks that may see a model's examples, in rising order.
  package func ranks(of model: Int) -> [Int] {
    guard let site = ofModels[model] else { return Array(ofRanks.indices) }
    return ofRanks.indices.filter { ofRanks[$0] == site }
  }

  /// The rank that reads a model's examples: the first of its site; rank 0 for those that all may see.
  package func owner(of model: Int) -> Int { ranks(of: model).first ?? Communicator.root }

  /// The models whose examples a rank's site has.
  package func models(ofRank rank: Int) -> [Int] { ofModels.indices.filter { ofModels[$0] == ofRanks[rank] } }
}
