/// The SplitMix64 generator (Steele, Lea & Flood 2014): the same numbers for the same seed on every run and machine.
///
/// For choices that depend on (seed, index) alone, on any rank and in any order, ``mix(_:)`` is used without a state.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    defer { state &+= Self.increment }
    return Self.mix(state)
  }

  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// One step of the generator from state `x`: adds the golden-ratio increment, then mixes the bits. A bijection.
  package static func mix(_ x: UInt64) -> UInt64 {
    var z = x &+ increment
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
