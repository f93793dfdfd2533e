import Checkpoints
import Encoders
import Foundation
import MessagePassing
import SystemPackage

/// The root's plan on every rank.
enum SharedPlan {
  /// Gives the root's plan to all ranks. **Collective.**
  static func share(_ plan: Plan?, _ communicator: Communicator) throws -> Plan {
    let bytes = try communicator.broadcast(Array(try plan?.encoded() ?? Data()))
    return try communicator.agree {
      let received = try JSONDecoder().decode(Plan.self, from: Data(bytes))
      // Another build would lose what it does not know.
      guard try Array(received.encoded()) == bytes else { throw RunError.differentPlan(host: Place.hostName) }
      return received
    }
  }

  /// Opens a planned model on a rank that is not the root. **Not collective.**
  static func open(_ planned: PlannedModel) throws -> StoredModel {
    let model = try StoredModel(directory: FilePath(planned.directory))
    guard model.fileIdentities == planned.files else {
      throw RunError.differentFiles(FilePath(planned.directory), host: Place.hostName)
    }
    return model
  }
}
