import Datasets

extension Reader {
  /// The longest input that mutations make.
  package static let maximumInputBytes = 1 << 16

  /// Input `number` of an endless list that `seed` decides: a seed file after one or a few mutations.
  package func input(_ number: Int, seed: UInt64) -> [UInt8] {
    var generator = SplitMix64(seed: seed &+ UInt64(number) &* 0xD134_2543_DE82_EF95)
    var input = seeds[number % seeds.count]
    // Of every hundred inputs one is a valid file, lest a reader that refuses everything be taken for a good one.
    guard number % 100 >= seeds.count else { return input }
    // Often one alone, which leaves the rest of the file to be read.
    for _ in 0..<([1, 1, 1, 2, 3, 4].randomElement(using: &generator) ?? 1) { mutate(&input, &generator) }
    return Array(input.prefix(Self.maximumInputBytes))
  }

  /// Changes `input` in one of the ways in which transfers, defective writers and attackers do.
  package func mutate(_ input: inout [UInt8], _ generator: inout SplitMix64) {
    guard !input.isEmpty else {
      input = seeds.randomElement(using: &generator) ?? []
      return
    }
    let place = Int.random(in: 0..<input.count, using: &generator)
    switch Int.random(in: 0..<16, using: &generator) {
    case 0: input[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: input[place] = .random(in: .min ... .max, using: &generator)
    case 2: input.remove(at: place)
    case 3: input.removeSubrange(place...)
    case 4: input.removeSubrange(place..<min(input.count, place + .random(in: 1...32, using: &generator)))
    case 5:
      input.insert([0, 0x0A, 0x22, 0x80, 0xC0, 0xED, 0xF4, 0xFF].randomElement(using: &generator) ?? 0, at: place)
    case 6, 7: replaceNumber(&input, from: place, &generator)
    case 8, 9: insertWord(&input, at: place, &generator)
    case 10: repeatPiece(&input, from: place, &generator)
    case 11: movePiece(&input, from: place, &generator)
    case 12: nest(&input, at: place, &generator)
    case 13: splice(&input, at: place, &generator)
    default: writeInteger(&input, at: place, &generator)
    }
  }

  private static let numbers = [
    "0", "-1", "1", "2", "7", "65536", "1048577", "2147483647", "2147483648", "4294967295", "4294967296",
    "4611686018427387904", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e5", "1e400", "0.1",
    "-9223372036854775808", "00", "999999999999999999:0", String(repeating: "9", count: 400),
  ]

  /// Another number in place of the first one behind `place`.
  private func replaceNumber(_ input: inout [UInt8], from place: Int, _ generator: inout SplitMix64) {
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    guard let start = input[place...].firstIndex(where: isDigit) ?? input.firstIndex(where: isDigit) else { return }
    let end = input[start...].firstIndex { !isDigit($0) } ?? input.count
    let number = Self.numbers.randomElement(using: &generator) ?? "0"
    input.replaceSubrange(start..<end, with: Array(number.utf8))
  }

  private func insertWord(_ input: inout [UInt8], at place: Int, _ generator: inout SplitMix64) {
    guard let word = words.randomElement(using: &generator) else { return }
    let end = Bool.random(using: &generator) ? place : min(input.count, place + word.utf8.count)
    input.replaceSubrange(place..<end, with: Array(word.utf8))
  }

  /// A piece many times over: keys twice in one object, long lists, long words.
  private func repeatPiece(_ input: inout [UInt8], from place: Int, _ generator: inout SplitMix64) {
    let piece = Array(input[place..<min(input.count, place + .random(in: 1...64, using: &generator))])
    let count = [1, 2, 20, 400].randomElement(using: &generator) ?? 1
    input.insert(contentsOf: repeatElement(piece, count: count).joined(), at: place)
  }

  private func movePiece(_ input: inout [UInt8], from place: Int, _ generator: inout SplitMix64) {
    let piece = Array(input[place..<min(input.count, place + .random(in: 1...64, using: &generator))])
    input.insert(contentsOf: piece, at: Int.random(in: 0...input.count, using: &generator))
  }

  private func nest(_ input: inout [UInt8], at place: Int, _ generator: inout SplitMix64) {
    let brackets = [("[", "]"), ("{\"a\":", "}"), ("[", ""), ("- ", ""), ("? ", ""), ("{", "}"), ("\n ", "")]
    guard let (open, close) = brackets.randomElement(using: &generator) else { return }
    let depth = [1, 8, 63, 70, 2000].randomElement(using: &generator) ?? 1
    input.insert(contentsOf: Array(String(repeating: close, count: depth).utf8), at: place)
    input.insert(contentsOf: Array(String(repeating: open, count: depth).utf8), at: place)
  }

  private func splice(_ input: inout [UInt8], at place: Int, _ generator: inout SplitMix64) {
    guard let other = seeds.randomElement(using: &generator), !other.isEmpty else { return }
    input.replaceSubrange(place..., with: other[Int.random(in: 0..<other.count, using: &generator)...])
  }

  /// A little-endian integer of one to eight bytes, at the start of the file or anywhere.
  private func writeInteger(_ input: inout [UInt8], at place: Int, _ generator: inout SplitMix64) {
    let values: [UInt64] = [0, 1, 2, 255, 1 << 16, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max, UInt64(input.count)]
    let value = (values.randomElement(using: &generator) ?? 0) &+ .random(in: 0...2, using: &generator) &- 1
    let start = Bool.random(using: &generator) ? place & ~7 : place & 15
    for index in 0..<([1, 2, 4, 8].randomElement(using: &generator) ?? 8) where start + index < input.count {
      input[start + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
    }
  }
}
