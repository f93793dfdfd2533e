import Checkpoints
import Encoders
import Foundation
import Merging
import MessagePassing
import SystemPackage

/// The seconds of each phase of a run.
struct PhaseClock {
  private(set) var phases: [(name: String, seconds: Double)] = []
  private var last = ContinuousClock.now

  mutating func end(_ phase: String) {
    let now = ContinuousClock.now
    phases.append((phase, (now - last).seconds))
    last = now
  }

  var total: Double { phases.reduce(0) { $0 + $1.seconds } }
}
