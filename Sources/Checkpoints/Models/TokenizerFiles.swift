import SystemPackage

/// The files of a model directory that belong to its tokenizer.
package enum TokenizerFiles {
  /// Every name that a tokenizer of `transformers` may use; a model has some of them.
  package static let names = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
    "vocab.json", "merges.txt", "spm.model", "spiece.model", "sentencepiece.bpe.model",
  ]

  /// Copies the tokenizer files that exist, byte for byte and through symbolic links.
  ///
  /// - Returns: the names of the files that were copied.
  /// - Throws: ``FileAccessError`` or ``OutputError``; a link that leads nowhere is an error, not an absent file.
  @discardableResult
  package static func copy(from source: FilePath, to target: FilePath) throws -> [String] {
    var copied: [String] = []
    for name in names where FileSystem.kind(source.appending(name), followingLinks: false) != nil {
      let file = try MappedFile(path: source.appending(name))
      let output = try OutputFile(path: target.appending(name))
      try withExtendedLifetime(file) { try output.write(file.bytes) }
      try output.close()
      copied.append(name)
    }
    return copied
  }
}
