/// The tokens of a ``BPE`` vocabulary that stand for one scalar of a piece, by its place in the piece.
struct BPEAlphabet: Sendable {
  /// The ids of scalars in four places: first or not, last or not.
  private var ids = Array(repeating: [UInt32: Int32](), count: 4)
  /// The tokens <0x00> to <0xFF>; empty where bytes are not used.
  private var byteIDs: [Int32?] = []
  private let continuationPrefix: [UInt8]
  private let wordSuffix: [UInt8]

  init(_ tokens: [Tokenizer.Token], _ settings: BPE.Settings) {
    continuationPrefix = Array(settings.continuationPrefix.utf8)
    wordSuffix = Array(settings.wordSuffix.utf8)
    let prefix = scalars(of: settings.continuationPrefix)
    let suffix = scalars(of: settings.wordSuffix)
    for token in tokens {
      let text = scalars(of: token.text)
      for place in 0..<4 {
        let (before, after) = (place & 1 == 0 ? prefix : [], place & 2 == 0 ? [] : suffix)
        guard text.count == before.count + 1 + after.count, text.starts(with: before),
          text.suffix(after.count).elementsEqual(after)
        else { continue }
        ids[place][text[before.count]] = token.id
      }
    }
    if settings.fallsBackToBytes { byteIDs = ByteTokens.ids(of: tokens) }
  }

  func id(of scalar: UInt32, isFirst: Bool, isLast: Bool) -> Int32? {
    ids[(isFirst ? 1 : 0) | (isLast ? 2 : 0)][scalar]
  }

  /// The tokens of the bytes of a scalar, with prefix and suffix of its place; nil unless there is one for each.
  func bytes(of scalar: UInt32, isFirst: Bool, isLast: Bool) -> [Int32]? {
    guard !byteIDs.isEmpty else { return nil }
    let bytes = (isFirst ? [] : continuationPrefix) + UTF8Text.bytes(of: [scalar]) + (isLast ? wordSuffix : [])
    let found = bytes.compactMap { byteIDs[Int($0)] }
    return found.count == bytes.count ? found : nil
  }
}
