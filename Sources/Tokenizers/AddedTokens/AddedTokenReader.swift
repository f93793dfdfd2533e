import Checkpoints

/// Reads added tokens one after the other, gives them ids, and refuses those that could not be found in text or stand
/// twice in one list.
struct AddedTokenReader {
  /// The most scalars of a token: what finding tokens costs grows with it.
  static let maximumLength = 1000

  let model: any TokenModel
  let normalizer: any Normalizer
  private(set) var tokens: [AddedToken] = []
  private var contents: Set<[UInt8]> = []
  private var nextID: Int
  /// The ids of tokens that the class has and the vocabulary lacks.
  private var reserved: [[UInt8]: Int] = [:]
  /// What is looked for in the text. A pattern may stand once among the written and once among the normalised tokens.
  private var writtenPatterns: Set<[UInt32]> = []
  private var normalizedPatterns: Set<[UInt32]> = []

  init(model: any TokenModel, normalizer: any Normalizer) {
    self.model = model
    self.normalizer = normalizer
    nextID = model.tokens.count
  }

  /// Whether a token of this text was added.
  func has(_ content: String) -> Bool { contents.contains(Array(content.utf8)) }

  /// Adds the token that `section` describes.
  ///
  /// - Parameters:
  ///   - stated: the id that the file gives it; it must be the one that the vocabulary makes it.
  ///   - isSpecial: whether it is special; nil where the section says.
  mutating func read(
    _ section: TokenizerSection, id stated: Int32? = nil, isSpecial: Bool? = nil
  ) throws(TokenizerError) {
    let content = try section.string("content")
    let isStatedSpecial = try section.optionalBool("special")
    let special = isSpecial ?? isStatedSpecial ?? false
    var actual = nextID
    if let id = model.id(of: content) {
      actual = Int(id)
    } else if let id = reserved[Array(content.utf8)] {
      actual = id
    } else {
      nextID += 1
    }
    let token = AddedToken(
      id: Int32(actual), content: content, isSingleWord: try section.optionalBool("single_word") ?? false,
      stripsLeft: try section.optionalBool("lstrip") ?? false, stripsRight: try section.optionalBool("rstrip") ?? false,
      isNormalized: try section.optionalBool("normalized") ?? !special)
    try add(token, section)
    if let stated, stated != token.id {
      throw .wrongTokenID(
        file: section.file, key: section.path("id"), token: content, stated: Int(stated), actual: actual)
    }
  }

  /// Adds a special token, written as a string or as an object, unless one of its text is there.
  ///
  /// - Parameter stripsLeft: whether it takes the white space on its left where it is a string.
  mutating func readSpecial(
    _ token: JSON, in section: TokenizerSection, _ name: String, stripsLeft: Bool = false
  ) throws(TokenizerError) {
    let described: JSON = token.string.map { ["content": .string($0), "lstrip": .bool(stripsLeft)] } ?? token
    let token = try TokenizerSection(file: section.file, key: section.path(name), json: described)
    guard !has(try token.string("content")) else { return }
    try read(token, isSpecial: true)
  }

  /// Adds a special token that the tokenizer's class has by itself.
  ///
  /// - Parameter addsMissing: whether it is added where the vocabulary lacks it, too. If not, the id that transformers
  ///   gives it stays free.
  mutating func readUsual(
    _ content: String, stripsLeft: Bool = false, addsMissing: Bool = false
  ) throws(TokenizerError) {
    guard !has(content), reserved[Array(content.utf8)] == nil else { return }
    if addsMissing || model.id(of: content) != nil {
      try readSpecial(
        .string(content), in: TokenizerSection(file: "", key: "", json: [:]), "content", stripsLeft: stripsLeft)
    } else {
      reserved[Array(content.utf8)] = nextID
      nextID += 1
    }
  }

  private mutating func add(_ token: AddedToken, _ section: TokenizerSection) throws(TokenizerError) {
    let (file, key) = (section.file, section.path("content"))
    let written = scalars(of: token.content)
    let pattern = token.isNormalized ? normalizer.normalize(written[...]) : written
    guard !pattern.isEmpty else { throw .emptyToken(file: file, key: key) }
    guard pattern.count <= Self.maximumLength else {
      throw .tooLarge(file: file, what: "\(key) has \(pattern.count) characters, more than \(Self.maximumLength)")
    }
    let isNew =
      token.isNormalized ? normalizedPatterns.insert(pattern).inserted : writtenPatterns.insert(pattern).inserted
    guard isNew else { throw .repeatedToken(file: file, key: key, token: token.content) }
    contents.insert(Array(token.content.utf8))
    tokens.append(token)
  }
}
