import Checkpoints
import Datasets
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import SystemPackage
import Tokenizers

/// The committed reference: models, examples and golden values that `Tests/Reference/make_golden.py` computed in
/// float64.
package enum Reference {
  /// `Tests/Reference` of this checkout.
  package static let directory = FilePath(#filePath).removingLastComponent().removingLastComponent().appending(
    "Reference")

  /// Models of the families beside BERT, which `families.py` made: three classes each.
  package static let families = [
    "roberta", "distilbert", "electra", "albert", "mpnet", "deberta-v2", "deberta-v2-separate", "modernbert",
    "modernbert-mean",
  ]

  /// The directory of a model.
  package static func path(_ name: String) -> FilePath {
    (families.contains(name) ? directory.appending("families") : directory).appending("models").appending(name)
  }

  /// A model by its directory's name.
  package static func model(_ name: String) throws -> StoredModel { try StoredModel(directory: path(name)) }

  /// The golden values of one tensor of `golden/FILE.safetensors`.
  package static func golden(_ file: String) throws -> SafetensorsFile {
    let parts = file.split(separator: "/").map(String.init)
    let isFamily = families.contains(String(file.prefix { $0 != "." }))
    return try SafetensorsFile(
      path: parts.reduce((isFamily ? directory.appending("families") : directory).appending("golden")) {
        $0.appending($1 == parts[parts.count - 1] ? $1 + ".safetensors" : $1)
      })
  }

  /// The golden values of a file in `FOLDER/golden`.
  package static func golden(_ file: String, in folder: String) throws -> SafetensorsFile {
    try SafetensorsFile(path: directory.appending(folder).appending("golden").appending("\(file).safetensors"))
  }

  /// The nine examples as one block, with the labels of a model.
  package static func block(for model: String, outputs: EncoderConfiguration.Problem) throws -> ExampleBlock {
    let json = try JSON(contentsOf: directory.appending("examples.json"))
    let labelled = (["legacy", "sharded", "bare", "float16", "bfloat16"] + families).contains(model) ? "three" : model
    let labels = json["labels"]?[labelled]?.array ?? []
    var tokens: [Int32] = []
    var types: [Int32] = []
    var offsets = [0]
    for example in json["examples"]?.array ?? [] {
      tokens += (example["token_ids"]?.array ?? []).compactMap(\.integer).map(Int32.init)
      types += (example["type_ids"]?.array ?? []).compactMap(\.integer).map(Int32.init)
      offsets.append(tokens.count)
    }
    let targets = labels.map { label -> Target in
      switch outputs {
      case .singleLabel: .label(label.integer ?? -1)
      case .multiLabel: .labels((label.array ?? []).map { $0.integer == 1 })
      case .regression: .value(label.double ?? .nan)
      }
    }
    return ExampleBlock(
      batch: TokenBatch(tokens: tokens, types: types, segments: Segments(offsets: offsets)),
      rows: Array(0..<offsets.count - 1), targets: targets)
  }

  /// Some of the nine examples as a program reads them.
  package static func tokenized(_ model: String, _ range: Range<Int>) throws -> TokenizedExamples {
    let block = try block(for: model, outputs: .singleLabel)
    var tokenized = TokenizedExamples(fileRowCount: 9)
    for index in range {
      let tokens = block.batch.segments[index]
      tokenized.append(
        Encoding(
          ids: Array(block.batch.tokens[tokens]), typeIDs: Array(block.batch.types[tokens]),
          textTokenCount: tokens.count - 2, isTruncated: false), rowIndex: index, target: block.targets[index])
    }
    return tokenized
  }

  /// The seed and the draws of the golden `sampled` values.
  package static func sampling() throws -> (seed: UInt64, draws: Int) {
    let json = try JSON(contentsOf: directory.appending("examples.json"))
    return (UInt64(json["seed"]?.integer ?? 0), json["draws"]?.integer ?? 0)
  }
}

extension SafetensorsFile {
  /// All values of one tensor.
  package func values(_ name: String) throws -> [Double] {
    guard let tensor = self[name] else { throw MissingGolden(name: name) }
    let buffer = Buffer<Double>(count: tensor.count)
    try tensor.copy(into: buffer.vector)
    return withExtendedLifetime(buffer) { buffer.vector.array }
  }
}

package struct MissingGolden: Error { let name: String }

/// The worst violation of |found − expected| ≤ relative · |expected| + absolute · max |expected|, as a multiple of what
/// is allowed.
package func worstError(_ found: [Double], _ expected: [Double], relative: Double, absolute: Double) -> Double {
  guard found.count == expected.count else { return .infinity }
  let largest = expected.map(abs).max() ?? 0
  return zip(found, expected).map { abs($0 - $1) / (relative * abs($1) + absolute * largest + .leastNonzeroMagnitude) }
    .max() ?? 0
}
