import Checkpoints
import SystemPackage

@testable import Tokenizers

/// What `Tests/Reference/tokenizer/make_families.py` asked transformers about.
struct FamilyReference {
  struct Pair {
    let first: String
    let second: String
    let maximumLength: Int
  }

  static let folder = TokenizerReference.folder.appending("families")

  static let names = [
    "albert", "bpe-bytes", "bpe-ignoring", "bpe-words", "camembert", "classic-albert", "classic-camembert",
    "classic-deberta-v2", "classic-mpnet", "classic-roberta", "classic-xlm-roberta", "deberta-v2", "distilbert",
    "electra", "modernbert", "mpnet", "roberta", "unigram-bytes", "xlm-roberta",
  ]

  let texts: [String]
  let pairs: [Pair]
  private let kinds: JSON

  init() throws {
    let json = try JSON(contentsOf: TokenizerReference.folder.appending("families.json"))
    let texts = (json["texts"]?.array ?? []).compactMap(\.string)
    self.texts = texts
    pairs = (json["pairs"]?.array ?? []).compactMap(\.integers)
      .map { Pair(first: texts[$0[0]], second: texts[$0[1]], maximumLength: $0[2]) }
    kinds = json["kinds"] ?? .null
  }

  /// The ids of the first texts.
  func ids(_ name: String) -> [[Int]] { (kinds[name]?["ids"]?.array ?? []).compactMap(\.integers) }

  /// The hashes of all texts and then of all pairs.
  func hashes(_ name: String) -> [String] {
    let digits = Array((kinds[name]?["hashes"]?.string ?? "").utf8)
    return stride(from: 0, to: digits.count, by: 8).map { String(decoding: digits[$0..<($0 + 8)], as: UTF8.self) }
  }

  /// FNV-1a of 32 bits over numbers.
  static func hash(_ numbers: some Sequence<UInt32>) -> String {
    let hash = numbers.reduce(UInt32(2_166_136_261)) { ($0 ^ $1) &* 16_777_619 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  static func hash(_ encoding: Encoding) -> String {
    hash((encoding.ids + encoding.typeIDs).map(UInt32.init(bitPattern:)))
  }
}
