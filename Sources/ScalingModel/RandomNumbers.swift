import Foundation

/// SplitMix64: a seed gives the same numbers on every run and machine.
package struct RandomNumbers: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Evenly between 0 and 1, neither of them included.
  package mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

  /// With mean 0 and variance 1 (Box and Muller).
  package mutating func normal() -> Double {
    let (a, b) = (uniform(), uniform())
    return (-2 * log(a)).squareRoot() * cos(2 * .pi * b)
  }

  /// A positive factor of median 1, whose logarithm has the standard deviation `sigma`; exactly 1 for 0.
  package mutating func factor(sigma: Double) -> Double { sigma == 0 ? 1 : exp(sigma * normal()) }

  /// The time to the next event of a Poisson process.
  package mutating func exponential(mean: Double) -> Double { -mean * log(uniform()) }
}
