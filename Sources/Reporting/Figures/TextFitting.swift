/// Estimates of how wide text is drawn. The page's font is the reader's, so these err on the wide side.
enum TextFitting {
  /// The width in pixels of `text` at 12 px.
  static func width(_ text: String) -> Double {
    text.reduce(0) { $0 + width(of: $1) }
  }

  /// `text`, shortened in the middle by `…` where it is wider than `limit` pixels: names of models differ at either
  /// end.
  static func shortened(_ text: String, to limit: Double) -> String {
    guard width(text) > limit else { return text }
    var head: [Character] = []
    var tail: [Character] = []
    var left = limit - width(of: "…")
    let characters = Array(text)
    for index in 0..<characters.count / 2 {
      for (character, isHead) in [(characters[index], true), (characters[characters.count - 1 - index], false)] {
        left -= width(of: character)
        guard left >= 0 else { return String(head) + "…" + String(tail.reversed()) }
        if isHead { head.append(character) } else { tail.append(character) }
      }
    }
    return String(head) + "…" + String(tail.reversed())
  }

  private static func width(of character: Character) -> Double {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    // East Asian characters and emoji fill a square.
    if scalar.value >= 0x1100 { return (0x2000..<0x2E80).contains(scalar.value) ? 8.5 : 13 }
    return character.isUppercase || character == "m" || character == "w" ? 9 : 7.2
  }
}
