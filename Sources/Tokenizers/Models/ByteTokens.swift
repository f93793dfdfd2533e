/// The tokens <0x00> to <0xFF>, by which a vocabulary may spell what it lacks.
enum ByteTokens {
  /// The id of each byte's token, nil where there is none.
  static func ids(of tokens: [Tokenizer.Token]) -> [Int32?] {
    var ids = [Int32?](repeating: nil, count: 256)
    for token in tokens {
      let text = Array(token.text.utf8)
      guard text.count == 6, text.starts(with: "<0x".utf8), text[5] == UInt8(ascii: ">"), let high = digit(text[3]),
        let low = digit(text[4])
      else { continue }
      ids[high << 4 | low] = token.id
    }
    return ids
  }

  private static func digit(_ letter: UInt8) -> Int? {
    switch letter {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(letter - UInt8(ascii: "0"))
    case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(letter - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
