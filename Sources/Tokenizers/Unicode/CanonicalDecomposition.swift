import Foundation

/// Canonical decomposition (normalisation form D) of Unicode 9.0, the version that `tokenizers` normalises by.
///
/// Decompositions never change once a scalar is assigned, so younger scalars are simply left as they are. Foundation
/// decomposes the few blocks that have any, once; texts are then decomposed from the table, with Hangul by arithmetic.
enum CanonicalDecomposition {
  /// Every scalar outside these ranges, Hangul syllables apart, is its own decomposition.
  static let blocks: [ClosedRange<UInt32>] = [
    0x00C0...0x04FF, 0x0600...0x06FF, 0x0900...0x0DFF, 0x0F00...0x10FF, 0x1B00...0x1BFF, 0x1E00...0x23FF,
    0x2A00...0x2AFF, 0x3000...0x30FF, 0xF900...0xFBFF, 0x1_1000...0x1_11FF, 0x1_1300...0x1_15FF, 0x1_D100...0x1_D1FF,
    0x2_F800...0x2_FAFF,
  ]

  /// The full decomposition of each scalar that has one, Hangul syllables apart.
  static let table: [UInt32: [UInt32]] = {
    var table: [UInt32: [UInt32]] = [:]
    for value in blocks.joined() {
      guard let scalar = Unicode.Scalar(value), isInVersion(scalar) else { continue }
      let decomposed = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars.map(\.value)
      if decomposed != [value] { table[value] = decomposed }
    }
    return table
  }()

  private static func isInVersion(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.age.map { $0.major <= 9 } ?? false
  }

  /// The canonical combining class of `value` in Unicode 9.0; 0 for younger scalars.
  static func combiningClass(of value: UInt32) -> UInt8 {
    guard value >= 0x300, let scalar = Unicode.Scalar(value) else { return 0 }
    let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
    return combiningClass == 0 || !isInVersion(scalar) ? 0 : combiningClass
  }

  /// Appends the full decomposition of `value` to `output`, without ordering marks.
  static func append(_ value: UInt32, to output: inout [UInt32]) {
    if value < 0xC0 || (0x3100..<0xAC00).contains(value) {
      output.append(value)
    } else if (0xAC00...0xD7A3).contains(value) {
      appendHangul(value, to: &output)
    } else if let decomposed = table[value] {
      output += decomposed
    } else {
      output.append(value)
    }
  }

  /// The leading consonant, vowel and trailing consonant of a Hangul syllable (The Unicode Standard, section 3.12).
  private static func appendHangul(_ value: UInt32, to output: inout [UInt32]) {
    let index = value - 0xAC00
    output.append(0x1100 + index / 588)
    output.append(0x1161 + index % 588 / 28)
    if index % 28 != 0 { output.append(0x11A7 + index % 28) }
  }

  /// Sorts every run of scalars with a non-zero combining class by that class, keeping the order of equals.
  static func orderMarks(in scalars: inout [UInt32]) {
    var start = 0
    while start < scalars.count {
      guard combiningClass(of: scalars[start]) != 0 else {
        start += 1
        continue
      }
      var marks = [(scalars[start], combiningClass(of: scalars[start]))]
      while start + marks.count < scalars.count {
        let next = scalars[start + marks.count]
        let nextClass = combiningClass(of: next)
        guard nextClass != 0 else { break }
        marks.append((next, nextClass))
      }
      if marks.count > 1 {
        // The standard library's sort is stable in practice; the index makes it so by contract.
        let sorted = marks.enumerated().sorted { ($0.element.1, $0.offset) < ($1.element.1, $1.offset) }
        for (offset, mark) in sorted.enumerated() { scalars[start + offset] = mark.element.0 }
      }
      start += marks.count
    }
  }
}
