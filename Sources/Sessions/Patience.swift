/// When somebody who waits should say so: after a while, and then after twice the time each.
package struct Patience {
  private let start = ContinuousClock.now
  private var next: Double

  package init() { next = Session.stallSeconds > 0 ? Session.stallSeconds : .infinity }

  /// The seconds of waiting, where it is time to say so.
  package mutating func endsAfter() -> Double? {
    let seconds = (ContinuousClock.now - start).seconds
    guard seconds >= next else { return nil }
    next *= 2
    return seconds
  }
}
