import Checkpoints

/// A part of a tokenizer that a section of `tokenizer.json` describes by its `type`: normaliser, pre-tokeniser or
/// model.
protocol TokenizerPart: Sendable {
  /// What `type` says in the section.
  static var typeName: String { get }

  /// Reads the section that describes the part. Every key that is not known, and every value that is not implemented,
  /// is an error.
  init(_ section: TokenizerSection) throws(TokenizerError)

  /// What the part does to text, for ``Tokenizer/identity``: an object with `type`. Two parts that do the same have the
  /// same meaning, however their files spell it: defaults are filled in, and what changes no id is left out.
  var meaning: JSON { get }
}
