import SystemPackage

/// SHA-256 of what a run read, in hexadecimal.
package struct InputHashes: Codable {
  package struct File: Codable {
    package let name: String
    package let sha256: String
  }

  /// Of every file of the model that was read or copied, by name: weights, index, configuration, tokenizer.
  package let files: [File]
  /// Of the data file, if there is one.
  package private(set) var data: String?

  /// One hash for the model: of the weight file, or of the list of the weight files' hashes where there are several.
  package let model: String

  /// What is read or copied beside the weights, where a model has it.
  package static let otherNames =
    ["model.safetensors.index.json", "pytorch_model.bin.index.json", "config.json"] + TokenizerFiles.names

  /// Reads all bytes of a model. Not collective.
  ///
  /// - Parameter digests: where the weights are announced along with other files.
  package init(_ model: ModelWeights, _ digests: PairedDigests = PairedDigests()) throws {
    digests.expect(model)
    let weights = model.files.map {
      File(
        name: $0.path.lastComponent?.string ?? "", sha256: digests.sha256(of: $0.mapped, 0..<$0.mapped.bytes.count))
    }
    var others: [File] = []
    for name in Self.otherNames {
      let path = model.directory.appending(name)
      guard FileSystem.kind(path) != nil else { continue }
      others.append(File(name: name, sha256: try MappedFile(path: path).sha256))
    }
    files = weights + others
    self.model =
      weights.count == 1
      ? weights[0].sha256
      : hexadecimalHash(of: weights.map { "\($0.sha256)  \($0.name)\n" }.joined())
  }

  /// The same model with a data file's hash.
  package func with(data: String?) -> InputHashes {
    var result = self
    result.data = data
    return result
  }
}
