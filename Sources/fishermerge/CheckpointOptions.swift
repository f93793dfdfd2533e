import ArgumentParser
import Sessions
import SystemPackage

/// How a run survives interruptions.
struct CheckpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keep finished statistics and checkpoints in this directory. Default: a hidden one beside the output, removed at the end.",
      valueName: "dir"))
  var checkpoint: String?

  @Flag(help: "Go on from the checkpoints of an interrupted run. Does no harm on a first run.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Seconds between checkpoints; 0 for one after every block. Longer where one takes more than 1 % of that.",
      valueName: "seconds"))
  var checkpointInterval = 600.0

  @Option(
    help: ArgumentHelp(
      "Write a checkpoint and leave with code 75 after this time: seconds, 45m, 2h, 1:30:00.", valueName: "time"))
  var maxTime: TimeSpan?

  func validate() throws {
    guard checkpointInterval >= 0, checkpointInterval.isFinite else {
      throw ValidationError("--checkpoint-interval must be at least 0")
    }
  }

  var settings: CheckpointSettings {
    var settings = CheckpointSettings()
    settings.directory = checkpoint.map { FilePath($0) }
    settings.resumes = resume
    settings.interval = checkpointInterval
    settings.maximumSeconds = maxTime?.seconds
    return settings
  }
}

/// A time such as 3600, 90s, 45m, 2h, 1d, 45:00 or 1:30:00.
struct TimeSpan: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
    if parts.count == 1, let unit = argument.last.flatMap({ units[$0] }) {
      guard let number = Double(argument.dropLast()) else { return nil }
      seconds = number * unit
    } else {
      let numbers = parts.compactMap { Double($0) }
      guard numbers.count == parts.count, parts.count <= 3, numbers.allSatisfy({ $0 >= 0 }),
        numbers.dropFirst().allSatisfy({ $0 < 60 })
      else { return nil }
      seconds = numbers.reduce(0) { $0 * 60 + $1 }
    }
    guard seconds > 0, seconds.isFinite else { return nil }
  }
}
