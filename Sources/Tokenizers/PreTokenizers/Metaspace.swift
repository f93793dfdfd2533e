import Checkpoints

/// Writes a visible scalar for every space, puts one before pieces, and splits before each, as SentencePiece does.
struct Metaspace: PreTokenizer {
  static let typeName = "Metaspace"

  /// Which pieces get a scalar in front unless they begin with one.
  enum PrependScheme: String, CaseIterable {
    case always, never
    /// The piece at the very start of the text.
    case first
  }

  let replacement: UInt32
  let prependScheme: PrependScheme
  let splits: Bool

  /// - Parameter replacement: U+2581 in every published tokenizer.
  init(replacement: UInt32 = 0x2581, prependScheme: PrependScheme, splits: Bool = true) {
    self.replacement = replacement
    self.prependScheme = prependScheme
    self.splits = splits
  }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["type", "replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split"])
    let replacement = scalars(of: try section.string("replacement"))
    guard replacement.count == 1 else { throw section.wrongType("replacement", "one character") }
    // As it was called before prepend_scheme; a file with both says the same twice.
    let addsPrefix = try section.optionalBool("add_prefix_space")
    var scheme = addsPrefix == false ? PrependScheme.never : .always
    if section.optional("prepend_scheme") != nil {
      let name = try section.string("prepend_scheme", oneOf: PrependScheme.allCases.map(\.rawValue))
      scheme = PrependScheme(rawValue: name) ?? scheme
      if addsPrefix == false && scheme != .never {
        throw section.unsupported("add_prefix_space", "false beside prepend_scheme \"\(name)\"", "one of them")
      }
    }
    self.init(
      replacement: replacement[0], prependScheme: scheme, splits: try section.optionalBool("split") ?? true)
  }

  var meaning: JSON {
    [
      "prepend_scheme": .string(prependScheme.rawValue),
      "replacement": .string(Unicode.Scalar(replacement).map { String($0) } ?? ""), "split": .bool(splits),
      "type": .string(Self.typeName),
    ]
  }

  var asksForStart: Bool { prependScheme == .first }

  func split(_ text: inout PreTokenizedText) {
    var changed = PreTokenizedText(scalars: [], pieces: [])
    changed.scalars.reserveCapacity(text.scalars.count + text.pieces.count)
    for piece in text.pieces {
      var start = changed.scalars.count
      let first = text.scalars[piece.lowerBound]
      let isWanted = prependScheme == .always || prependScheme == .first && piece.lowerBound < text.startCount
      if isWanted && first != 0x20 && first != replacement { changed.scalars.append(replacement) }
      for index in piece {
        let scalar = text.scalars[index] == 0x20 ? replacement : text.scalars[index]
        if splits, scalar == replacement, changed.scalars.count > start {
          changed.pieces.append(start..<changed.scalars.count)
          start = changed.scalars.count
        }
        changed.scalars.append(scalar)
        if index < text.startCount { changed.startCount = changed.scalars.count }
      }
      changed.pieces.append(start..<changed.scalars.count)
    }
    text = changed
  }
}
