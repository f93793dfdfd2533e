/// A type of the section `post_processor`: another way to write down a ``SpecialTokenTemplate``.
protocol PostProcessor: Sendable {
  /// What `type` says in the section.
  static var typeName: String { get }

  /// Where the section puts special tokens.
  static func template(_ section: TokenizerSection) throws(TokenizerError) -> SpecialTokenTemplate
}
