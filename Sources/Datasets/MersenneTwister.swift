/// MT19937 (Matsumoto and Nishimura 1998), for draws that NumPy's `RandomState` made in published programs.
struct MersenneTwister {
  private var state: [UInt32]
  private var position: Int

  init(seed: UInt32) {
    state = [seed]
    for index in 1..<UInt32(Self.size) {
      let last = state[state.count - 1]
      state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ index)
    }
    position = Self.size
  }

  /// The next 32 bits.
  mutating func next() -> UInt32 {
    if position == Self.size { renew() }
    var y = state[position]
    position += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9D2C_5680
    y ^= (y << 15) & 0xEFC6_0000
    return y ^ (y >> 18)
  }

  /// A number below `bound`, as NumPy's legacy generator finds it: the low bits of the next number that gives one.
  mutating func next(below bound: Int) -> Int {
    precondition(bound > 0 && bound <= 1 << 32, "a bound of 32 bits")
    guard bound > 1 else { return 0 }
    let mask = UInt32.max >> UInt32(bound - 1).leadingZeroBitCount
    while true {
      let value = Int(next() & mask)
      if value < bound { return value }
    }
  }

  private mutating func renew() {
    for index in 0..<Self.size {
      let y = (state[index] & 0x8000_0000) | (state[(index + 1) % Self.size] & 0x7FFF_FFFF)
      state[index] = state[(index + 397) % Self.size] ^ (y >> 1) ^ (y & 1 == 1 ? 0x9908_B0DF : 0)
    }
    position = 0
  }

  private static let size = 624
}
