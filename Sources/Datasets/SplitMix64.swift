/// The mixing function of the SplitMix64 generator (Steele, Lea & Flood 2014), for choices that a seed decides.
///
/// A bijection of the 64-bit integers without state: a choice that depends on (seed, index) is computed from these two
/// alone, on any rank and in any order.
package enum SplitMix64 {
  /// One step of the generator from state `x`: adds the golden-ratio increment, then mixes the bits.
  package static func mix(_ x: UInt64) -> UInt64 {
    var z = x &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
