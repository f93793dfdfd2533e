import Foundation

/// The normal forms C, D, KC and KD of Unicode 9.0, the version that `tokenizers` normalises by.
///
/// Decompositions never change once a scalar is assigned, so younger scalars are simply left as they are. Foundation
/// decomposes the blocks that have any, once; see docs/decisions/0017-unicode-tables.md.
enum NormalForm: String, Sendable, CaseIterable {
  case nfc = "NFC"
  case nfd = "NFD"
  case nfkc = "NFKC"
  case nfkd = "NFKD"

  private var isCompatibility: Bool { self == .nfkc || self == .nfkd }
  private var composes: Bool { self == .nfc || self == .nfkc }

  /// `text` in this form.
  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32] {
    // ASCII is in every form.
    guard let first = text.firstIndex(where: { $0 >= 0x80 }) else { return Array(text) }
    var output: [UInt32] = []
    output.reserveCapacity(text.count + 16)
    output += text[..<first]
    for scalar in text[first...] {
      if isCompatibility, let decomposed = Self.compatibility[scalar] {
        output += decomposed
      } else {
        CanonicalDecomposition.append(scalar, to: &output)
      }
    }
    CanonicalDecomposition.orderMarks(in: &output)
    return composes ? Self.composed(output) : output
  }

  /// Full decompositions that are not canonical.
  private static let compatibility: [UInt32: [UInt32]] = {
    let blocks: [ClosedRange<UInt32>] = [
      0x00A0...0x06FF, 0x0900...0x10FF, 0x1B00...0x1BFF, 0x1D00...0x24FF, 0x2A00...0x2AFF, 0x2C00...0x33FF,
      0xA600...0xA7FF, 0xAB00...0xABFF, 0xF900...0xFFFF, 0x1_D400...0x1_D7FF, 0x1_EE00...0x1_EEFF,
      0x1_F100...0x1_F2FF,
    ]
    var table: [UInt32: [UInt32]] = [:]
    for value in blocks.joined() {
      guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age.major <= 9 else { continue }
      let decomposed = String(scalar).decomposedStringWithCompatibilityMapping.unicodeScalars.map(\.value)
      var canonical: [UInt32] = []
      CanonicalDecomposition.append(value, to: &canonical)
      if decomposed != canonical { table[value] = decomposed }
    }
    return table
  }()

  // MARK: Composition

  /// The primary composite of two scalars, by (first << 21 | second); Hangul is composed by arithmetic.
  private static let composites: [UInt64: UInt32] = {
    // Those that form C decomposes for good (composition exclusions) are no composites.
    let candidates = CanonicalDecomposition.table.filter { value, decomposed in
      guard decomposed.count > 1, let scalar = Unicode.Scalar(value) else { return false }
      return String(scalar).precomposedStringWithCanonicalMapping.unicodeScalars.elementsEqual([scalar])
    }
    var composites: [UInt64: UInt32] = [:]
    for (value, decomposed) in candidates.sorted(by: { ($0.value.count, $0.key) < ($1.value.count, $1.key) }) {
      // What stands before the last scalar is one shorter composite, or one scalar.
      var first = decomposed[0]
      for scalar in decomposed[1..<(decomposed.count - 1)] { first = composites[key(first, scalar)] ?? first }
      composites[key(first, decomposed[decomposed.count - 1])] = value
    }
    return composites
  }()

  private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 21 | UInt64(second) }

  private static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if (0x1100...0x1112).contains(first), (0x1161...0x1175).contains(second) {
      return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
    }
    if (0xAC00...0xD7A3).contains(first), (first - 0xAC00) % 28 == 0, (0x11A8...0x11C2).contains(second) {
      return first + (second - 0x11A7)
    }
    return second < 0x300 ? nil : composites[key(first, second)]
  }

  /// Canonical composition (The Unicode Standard, section 3.11): each scalar joins the last starter unless a scalar of
  /// its own or a higher class, or another starter, stands between.
  private static func composed(_ scalars: [UInt32]) -> [UInt32] {
    var output: [UInt32] = []
    output.reserveCapacity(scalars.count)
    var starter: Int?
    var lastClass: UInt8 = 0
    for scalar in scalars {
      let combiningClass = CanonicalDecomposition.combiningClass(of: scalar)
      if let starter {
        let isNext = starter == output.count - 1
        if isNext || (lastClass != 0 && lastClass < combiningClass),
          let whole = composite(output[starter], scalar)
        {
          output[starter] = whole
          continue
        }
      }
      if combiningClass == 0 { starter = output.count }
      lastClass = combiningClass
      output.append(scalar)
    }
    return output
  }
}
