import Checkpoints

/// The map of texts to texts that SentencePiece compiles into a model (`nmt_nfkc` and the like).
///
/// As in `tokenizers`, a grapheme cluster of less than six bytes is looked up as a whole, by its shortest beginning
/// that is in the map, and longer ones scalar by scalar.
struct Precompiled: Normalizer {
  static let typeName = "Precompiled"

  private let map: CharacterMap
  private let hash: String

  init(_ map: CharacterMap) {
    self.map = map
    hash = hexadecimalHash(of: Base64.encode(map.bytes))
  }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["type", "precompiled_charsmap"])
    let text = try section.string("precompiled_charsmap")
    guard let bytes = Base64.decode(text), let map = CharacterMap(bytes) else {
      throw section.wrongType("precompiled_charsmap", "the base64 of a trie and its texts")
    }
    self.init(map)
  }

  var meaning: JSON { ["sha256": .string(hash), "type": .string(Self.typeName)] }

  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32] {
    var output: [UInt32] = []
    output.reserveCapacity(text.count + 8)
    forEachPart(of: text) { part, replacement in
      if let replacement { output += replacement } else { output += text[part] }
    }
    return output
  }

  /// `tokenizers` says of each scalar that it writes whether it is one more or one of several; what it removes at the
  /// start is lost in that, so all that follows counts as written for earlier scalars than it was.
  func normalizedCount(of count: Int, in text: ArraySlice<UInt32>) -> Int {
    var changes: [Int] = []
    forEachPart(of: text) { part, replacement in
      let written = replacement?.count ?? part.count
      changes += (0..<written).map { $0 < part.count ? 0 : 1 }
      if written < part.count, let last = changes.popLast() { changes.append(last + written - part.count) }
    }
    var origin = 0
    var leading = 0
    for change in changes {
      guard (change > 0 ? max(origin - 1, 0) : origin) < count else { break }
      leading += 1
      if change <= 0 { origin += 1 - change }
    }
    return leading
  }

  /// Calls `body` with each part of `text` and what is written for it; nil where that is the part itself.
  private func forEachPart(of text: ArraySlice<UInt32>, _ body: (Range<Int>, [UInt32]?) -> Void) {
    for cluster in GraphemeClusters(text) {
      if cluster.count > 1, UTF8Text.count(of: text[cluster]) < 6, let whole = map.replacement(of: text[cluster]) {
        body(cluster, whole)
        continue
      }
      for index in cluster {
        let part = index..<(index + 1)
        body(part, map.replacement(of: text[part]))
      }
    }
  }
}
