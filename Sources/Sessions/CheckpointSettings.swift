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

  /// A command line without the options that set these: what is left decides the result.
  ///
  /// A model card holds that, so that a merge gives the same files whatever interrupted it.
  static func without(_ command: [String]) -> [String] {
    var rest: [String] = []
    var skipsNext = false
    for argument in command {
      if skipsNext {
        skipsNext = false
      } else if ["--checkpoint", "--checkpoint-interval", "--max-time"].contains(argument) {
        skipsNext = true
      } else if argument != "--resume",
        !["--checkpoint=", "--checkpoint-interval=", "--max-time="].contains(where: argument.hasPrefix)
      {
        rest.append(argument)
      }
    }
    return rest
  }
}
