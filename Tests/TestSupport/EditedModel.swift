import Checkpoints
import Encoders
import Foundation
import LinearAlgebra
import SystemPackage

/// A model of the reference that a test changes before it is written into a directory of its own.
package struct EditedModel {
  /// One tensor, all of its values in double.
  package struct Tensor {
    package var name: String
    package var shape: [Int]
    package var values: [Double]

    package init(name: String, shape: [Int], values: [Double]) {
      (self.name, self.shape, self.values) = (name, shape, values)
    }
  }

  package var tensors: [Tensor]
  /// `config.json` as text: tests replace what they mean to break.
  package var config: String
  /// `vocab.txt`, a token a line.
  package var vocabulary: [String]
  private let origin: FilePath

  package init(_ name: String) throws {
    origin = Reference.path(name)
    let file = try SafetensorsFile(path: origin.appending("model.safetensors"))
    tensors = try file.tensors.map { Tensor(name: $0.name, shape: $0.shape, values: try file.values($0.name)) }
    config = try String(contentsOfFile: origin.appending("config.json").string, encoding: .utf8)
    vocabulary = try String(contentsOfFile: origin.appending("vocab.txt").string, encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  /// A model of the reference and another one that might have been made from the same base.
  package static func pair(_ name: String, in scratch: Scratch) throws -> [StoredModel] {
    var other = try EditedModel(name)
    for index in other.tensors.indices {
      for entry in other.tensors[index].values.indices {
        other.tensors[index].values[entry] *= 1 + 0.1 * Double((entry * 7 + index) % 5 - 2)
      }
    }
    return [try Reference.model(name), try StoredModel(directory: other.write("other", in: scratch))]
  }

  /// The place of a tensor in ``tensors``.
  package func index(_ name: String) throws -> Int {
    guard let index = tensors.firstIndex(where: { $0.name == name }) else { throw MissingGolden(name: name) }
    return index
  }

  package subscript(name: String) -> [Double] {
    get { tensors.first { $0.name == name }?.values ?? [] }
    set {
      guard let index = tensors.firstIndex(where: { $0.name == name }) else { return }
      tensors[index].values = newValue
    }
  }

  /// Writes the model, its weights as F32, into `name` of a scratch directory, and gives the directory's path.
  @discardableResult
  package func write(_ name: String, in scratch: Scratch) throws -> FilePath {
    let directory = try scratch.write("\(name)/config.json", config).removingLastComponent()
    try scratch.write("\(name)/vocab.txt", vocabulary.joined(separator: "\n") + "\n")
    for file in ["tokenizer_config.json", "tokenizer.json"] {
      let path = origin.appending(file).string
      guard FileManager.default.fileExists(atPath: path) else { continue }
      try scratch.write("\(name)/\(file)", bytes: Data(contentsOf: URL(fileURLWithPath: path)))
    }
    let output = try OutputFile(path: directory.appending("model.safetensors"), replacing: true)
    var writer = try SafetensorsWriter(
      to: output, tensors: tensors.map { TensorDeclaration(name: $0.name, type: .float32, shape: $0.shape) })
    for tensor in tensors {
      let buffer = Buffer<Double>(count: tensor.values.count)
      for (index, value) in tensor.values.enumerated() { buffer.vector[index] = value }
      try withExtendedLifetime(buffer) { try writer.write(tensor.name, buffer.vector) }
    }
    try writer.finish()
    return directory
  }
}

/// Sentences of the reference's vocabulary, the same on every run.
package struct SyntheticText {
  private static let words =
    ("the a of and is was not very too cat dog bird film story song garden river old new good bad slow bright small "
    + "green saw made likes lost found reads in under over near he she it they").split(separator: " ").map(String.init)

  private var state: UInt64

  package init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// A number below `bound`.
  package mutating func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }

  /// A sentence of `words` words.
  package mutating func sentence(words count: Int) -> String {
    (0..<count).map { _ in Self.words[next(below: Self.words.count)] }.joined(separator: " ")
  }

  /// A JSONL file of labelled sentences of 1 to 20 words.
  package static func jsonLines(examples: Int, classes: Int, seed: UInt64) -> String {
    var text = SyntheticText(seed: seed)
    return (0..<examples).map { _ in
      let sentence = text.sentence(words: 1 + text.next(below: 20))
      return #"{"sentence": "\#(sentence)", "label": \#(text.next(below: classes))}"# + "\n"
    }.joined()
  }
}
