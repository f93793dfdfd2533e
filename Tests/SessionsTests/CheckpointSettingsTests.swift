import Testing

@testable import Sessions

@Suite("What the user says about checkpoints")
struct CheckpointSettingsTests {
  @Test("it is left out of the command line of model cards, and nothing else is")
  func command() {
    let command = ["fishermerge", "merge", "checkpoint.yaml", "--resume-not", "--output", "max-time", "-q"]
    #expect(CheckpointSettings.without(command) == command)
    for inserted in [
      ["--resume"], ["--checkpoint", "a dir"], ["--checkpoint=dir"], ["--checkpoint-interval", "0"],
      ["--checkpoint-interval=0"], ["--max-time", "1:30:00"], ["--max-time=2h"],
      ["--max-time", "2h", "--resume", "--checkpoint", "--resume"],
    ] {
      for place in [2, 4, command.count] {
        var longer = command
        longer.insert(contentsOf: inserted, at: place)
        #expect(CheckpointSettings.without(longer) == command, "\(longer)")
      }
    }
  }
}
