import Datasets
import Foundation

/// Numbers that a seed decides, with the distributions that the model needs.
package struct RandomNumbers: RandomNumberGenerator, Sendable {
  private var generator: SplitMix64

  package init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  package mutating func next() -> UInt64 { generator.next() }

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
