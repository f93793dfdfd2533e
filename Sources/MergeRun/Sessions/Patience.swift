/// When somebody who waits should say so: after a while, and then after twice the time each.
struct Patience {
  private let start = ContinuousClock.now
  private var next: Double

  init() { next = Session.stallSeconds > 0 ? Session.stallSeconds : .infinity }

  /// The seconds of waiting, where it is time to say so.
  mutating func endsAfter() -> Double? {
    let seconds = (ContinuousClock.now - start).seconds
    guard seconds >= next else { return nil }
    next *= 2
    return seconds
  }
}
