import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import SystemPackage

/// A file of statistics: sums over examples as safetensors, with what they are sums of as metadata.
///
/// Sums, never means, so that the files of two shards add up. `docs/file-formats.md` documents names and keys.
package struct StatisticsFile: StatisticReader {
  /// The metadata key that identifies a statistics file; its value is the version of the layout.
  package static let key = "fishermerge_statistics"
  static let version = "3"
  /// Is read, but says nothing of tokenizer and processor.
  static let olderVersion = "2"
  /// The tensor of the examples' fingerprints.
  static let fingerprintsName = "fingerprints"

  package let path: FilePath
  package let file: SafetensorsFile
  package let description: StatisticsDescription
  /// The type of the sums.
  package let type: TensorType
  private let tensors: [String: StoredTensor]

  package var kinds: [StatisticKind] { description.kinds }
  package var examples: Int { description.examples }
  package var tokens: Int { description.tokens }

  /// Opens a file and checks its metadata, and that it has the tensors of these metadata, of the right shapes. No value
  /// is read.
  ///
  /// - Parameter known: the kinds that the file may have.
  package init(path: FilePath, known: [StatisticKind] = StatisticKind.all) throws {
    try self.init(try SafetensorsFile(path: path), known: known)
  }

  /// Checks a file that was opened.
  package init(_ file: SafetensorsFile, known: [StatisticKind] = StatisticKind.all) throws(StatisticsError) {
    self.file = file
    path = file.path
    let description = try StatisticsDescription(file, known: known)
    self.description = description
    var found: [String: StoredTensor] = [:]
    for tensor in file.storedTensors { found[tensor.name] = tensor }
    tensors = found
    let declared = description.tensors
    type = found[declared[0].name]?.type ?? .float64
    guard type == .float64 || type == .float32 else {
      throw StatisticsError.invalid(path, reason: "sums are F64 or F32, not \(type.rawValue)")
    }
    for expected in declared {
      let (name, shape) = (expected.name, expected.shape)
      guard let tensor = found.removeValue(forKey: name) else {
        throw StatisticsError.invalid(path, reason: "the tensor \(name) is missing")
      }
      guard tensor.shape == shape, tensor.type == type else {
        throw StatisticsError.invalid(
          path,
          reason:
            "the tensor \(name) is \(tensor.type.rawValue) \(tensor.shape), but the sizes in the metadata make it "
            + "\(type.rawValue) \(shape)")
      }
    }
    if let fingerprints = found.removeValue(forKey: Self.fingerprintsName) {
      guard fingerprints.type == .int64, fingerprints.shape == [description.examples] else {
        throw StatisticsError.invalid(
          path,
          reason: "the fingerprints are \(fingerprints.type.rawValue) \(fingerprints.shape), but there are "
            + "\(description.examples) examples")
      }
    }
    if let unknown = found.keys.min() {
      throw StatisticsError.invalid(path, reason: "the tensor \(unknown) does not belong to \(description.kindNames)")
    }
  }

  package func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) throws {
    guard let tensor = tensors[name] else {
      throw StatisticsError.invalid(path, reason: "the tensor \(name) is missing")
    }
    try tensor.copy(elements: elements, into: out)
  }

  package func mapped(_ name: String) -> Vector<Double>? { tensors[name]?.doubles }

  /// The stored tensor of a name that ``description`` lists.
  package func tensor(_ name: String) -> StoredTensor? { tensors[name] }

  /// The examples' fingerprints in increasing order; nil where the file has none.
  var fingerprints: [Int64]? {
    tensors[Self.fingerprintsName].map { tensor in
      (0..<tensor.count).map {
        Int64(littleEndian: tensor.bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
      }
    }
  }

  /// Refuses the statistics of another model than `model`, or of texts that another tokenizer read.
  ///
  /// - Parameters:
  ///   - modelHash: ``InputHashes/model`` of the model.
  ///   - tokenizer: the identity of the model's tokenizer; nil leaves it out.
  ///   - name: what messages call it.
  package func check(against model: StoredModel, modelHash: String, tokenizer: String? = nil, name: String) throws {
    try Self.check(description, at: path, against: model, modelHash: modelHash, name: name)
    let own = description.tokenizer
    if let tokenizer, !own.isEmpty, tokenizer != own {
      throw StatisticsError.otherModel(
        path, hash: description.modelHash, model: name, what: "the tokenizers", values: [own, tokenizer])
    }
  }

  static func check(
    _ description: StatisticsDescription, at path: FilePath, against model: StoredModel, modelHash: String,
    name: String
  ) throws(StatisticsError) {
    let c = model.configuration
    let sizes =
      [("model_type", description.sizes.modelType, c.modelType)]
      + StatisticsDescription.sizeKeys.map { ($0, "\(description.sizes[keyPath: $1])", "\(c[keyPath: $1])") }
    for (key, here, there) in sizes + [("the hashes", description.modelHash, modelHash)] where here != there {
      throw .otherModel(path, hash: description.modelHash, model: name, what: key, values: [here, there])
    }
  }

  /// Refuses a file whose data are not those that were written. Reads all of them.
  ///
  /// - Parameter digests: where the file is announced along with others.
  package func requireIntact(_ digests: PairedDigests = PairedDigests()) throws(StatisticsError) {
    guard let written = file.metadata("sha256") else {
      throw .invalid(path, reason: "the metadata have no sha256")
    }
    let found = digests.sha256(of: file.mapped, dataRange)
    guard found == written else { throw .damaged(path, found: found, expected: written) }
  }

  /// All that follows the header, in bytes.
  var dataRange: Range<Int> {
    let end = file.mapped.bytes.count
    return (file.tensors.map(\.byteRange.lowerBound).min() ?? end)..<end
  }
}
