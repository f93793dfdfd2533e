import SystemPackage

/// What the user says about checkpoints.
package struct CheckpointSettings: Sendable {
  /// Nil for a hidden directory beside the output, which is removed at the end.
  package var directory: FilePath?
  /// Whether to go on from what is there.
  package var resumes = false
  /// Seconds between two checkpoints.
  package var interval = 600.0
  /// Seconds after which the run writes a checkpoint and leaves.
  package var maximumSeconds: Double?

  /// A checkpoint may take at most this part of the time: where it takes long, the interval grows.
  package static let largestShare = 0.01

  package init() {}

  /// The options that change no result: those that set these, and what memory may be used.
  private static let harmless = ["--checkpoint", "--checkpoint-interval", "--max-time", "--activations"]

  /// A command line without the options that change no result.
  ///
  /// A model card holds that, so that a merge gives the same files whatever interrupted it.
  static func without(_ command: [String]) -> [String] {
    var rest: [String] = []
    var skipsNext = false
    for argument in command {
      if skipsNext {
        skipsNext = false
      } else if Self.harmless.contains(argument) {
        skipsNext = true
      } else if argument != "--resume", !Self.harmless.contains(where: { argument.hasPrefix("\($0)=") }) {
        rest.append(argument)
      }
    }
    return rest
  }
}
