import Checkpoints

/// A token that is found in the text before the model sees it, such as "[MASK]".
struct AddedToken: Sendable, Equatable {
  let id: Int32
  let content: String
  /// Only between scalars that are no letters, digits, marks or connectors.
  let isSingleWord: Bool
  /// Takes the white space on its left.
  let stripsLeft: Bool
  /// Takes the white space on its right.
  let stripsRight: Bool
  /// Looked for in normalised text, in its own normalised form; otherwise in the text as it is written.
  let isNormalized: Bool

  /// For ``Tokenizer/identity``.
  var meaning: JSON {
    [
      "content": .string(content), "id": .integer(Int(id)), "lstrip": .bool(stripsLeft),
      "normalized": .bool(isNormalized), "rstrip": .bool(stripsRight), "single_word": .bool(isSingleWord),
    ]
  }
}
