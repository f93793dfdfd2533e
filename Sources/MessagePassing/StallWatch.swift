extension Communicator {
  /// What a phase is called that nobody named.
  package static let unnamedPhase = "an agreement"

  /// Comes before a collective call that may have to wait long for some rank: where the communicator is watched, the root
  /// says which ranks it has waited for too long, and in which phase.
  ///
  /// **Collective.**
  package func meet(_ phase: String) throws(MessagePassingError) {}
}
