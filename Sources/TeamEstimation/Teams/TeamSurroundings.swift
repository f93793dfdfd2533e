import MessagePassing
import Sessions

/// What a team's work has to do with the run around it: where the ranks are, and how to say something.
struct TeamSurroundings {
  /// The host of every rank of the run.
  let hosts: [String]
  /// How the ranks compute; see `Session.processors`.
  let processors: String
  /// Says what already names its rank.
  let alarm: (String) -> Void
  /// Says what this rank alone knows, with its name.
  let alarmFromHere: (String) -> Void
  /// Told before every block.
  let blockBegins: () -> Void

  init(
    hosts: [String], processors: String, alarm: @escaping (String) -> Void, alarmFromHere: @escaping (String) -> Void,
    blockBegins: @escaping () -> Void
  ) {
    self.hosts = hosts
    self.processors = processors
    self.alarm = alarm
    self.alarmFromHere = alarmFromHere
    self.blockBegins = blockBegins
  }

  init(_ session: Session) {
    self.init(
      hosts: session.places.map(\.host), processors: session.processors, alarm: { session.console.alarm($0) },
      alarmFromHere: { session.alarm($0) }, blockBegins: { session.startUp.end() })
  }
}
