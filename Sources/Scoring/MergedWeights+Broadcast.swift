import MessagePassing
import ModelMerging

extension MergedWeights {
  /// Gives the root's encoder to all ranks. **Collective.**
  package func broadcast(_ communicator: Communicator) throws {
    try fill { _, values in try communicator.broadcast(values.buffer) }
  }
}
