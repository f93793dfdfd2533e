/// The seconds of each phase of a run.
package struct PhaseClock {
  package private(set) var phases: [(name: String, seconds: Double)] = []
  private var last = ContinuousClock.now

  package init() {}

  package mutating func end(_ phase: String) {
    let now = ContinuousClock.now
    phases.append((phase, (now - last).seconds))
    last = now
  }

  package var total: Double { phases.reduce(0) { $0 + $1.seconds } }
}
