import Encoders
import Foundation
import MessagePassing
import Planning
import StatisticsFiles
import SystemPackage

/// The root's plan on every rank.
package enum SharedPlan {
  /// Gives the root's plan to all ranks. **Collective.**
  package static func share(_ plan: Plan?, _ communicator: Communicator) throws -> Plan {
    let bytes = try communicator.broadcast(Array(try plan?.encoded() ?? Data()))
    return try communicator.agree(in: "sharing the plan") {
      let received = try JSONDecoder().decode(Plan.self, from: Data(bytes))
      // Another build would lose what it does not know.
      guard try Array(received.encoded()) == bytes else { throw SharingError.differentPlan(host: Place.hostName) }
      return received
    }
  }

  /// Opens the statistics of all models where every file is the root's; nil on a rank that does not see them so. **Not
  /// collective.**
  package static func openStatistics(_ files: [[FilePath]], _ plan: Plan) -> [CombinedStatistics]? {
    try? zip(files, plan.models).map { files, planned in
      let statistics = try StatisticsFile.open(files)
      if let planned = planned.statistics,
        statistics.files.map({ $0.file.metadata("sha256") }) != planned.sha256.map({ $0 })
      {
        throw SharingError.differentFiles(files[0], host: Place.hostName)
      }
      return statistics
    }
  }

  /// Opens the base on a rank that is not the root; nil where the plan has none. **Not collective.**
  package static func openBase(_ plan: Plan, of model: StoredModel) throws -> BaseModel? {
    guard let planned = plan.base else { return nil }
    let base = try BaseModel(directory: FilePath(planned.directory), of: model)
    guard base.files.identities == planned.files else {
      throw SharingError.differentFiles(base.directory, host: Place.hostName)
    }
    return base
  }

  /// Opens a planned model on a rank that is not the root. **Not collective.**
  package static func open(_ planned: PlannedModel) throws -> StoredModel {
    let model = try StoredModel(directory: FilePath(planned.directory))
    guard model.files.identities == planned.files else {
      throw SharingError.differentFiles(FilePath(planned.directory), host: Place.hostName)
    }
    return model
  }
}
