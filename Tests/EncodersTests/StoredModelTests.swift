import Parameters
import Checkpoints
import Encoders
import Foundation
import LinearAlgebra
import SystemPackage
import TestSupport
import Testing

struct StoredModelTests {
  @Test(
    "logits equal the reference's, in double and in single precision",
    arguments: ["two", "three", "five", "shallow", "regression", "multilabel", "float16", "bfloat16"]
      + Reference.families)
  func logits(name: String) throws {
    let model = try Reference.model(name)
    let batch = try Reference.block(for: name, outputs: model.configuration.problem).batch
    let expected = try Reference.golden("\(name).outputs").values("logits")
    // The logits lie in the encoder's arena, so the encoder has to outlive their copy.
    let wideEncoder = Encoder(weights: try model.doublePrecisionWeights())
    let wide = withExtendedLifetime(wideEncoder) { wideEncoder.forward(batch).logits.elements.array }
    #expect(worstError(wide, expected, relative: 1e-12, absolute: 1e-13) < 1)
    let encoder = Encoder(weights: try model.singlePrecisionWeights())
    let narrow = withExtendedLifetime(encoder) { encoder.forward(batch).logits.elements.array.map(Double.init) }
    // Some hundred float operations deep.
    #expect(worstError(narrow, expected, relative: 2e-5, absolute: 2e-6) < 1)
  }

  @Test("legacy names, shards and the plain file are one model", arguments: ["legacy", "sharded"])
  func variants(name: String) throws {
    let plain = try Reference.model("three")
    let other = try Reference.model(name)
    #expect(other.parameters == plain.parameters)
    for parameter in plain.parameters {
      #expect(Array(other.tensor(parameter).bytes) == Array(plain.tensor(parameter).bytes), "\(parameter.name)")
    }
  }

  @Test("a pickle, also in shards, and the safetensors file are one model", arguments: ["bert", "sharded"])
  func pickles(name: String) throws {
    let plain = try Reference.model("two")
    let scratch = try Scratch()
    for source in [Reference.directory.appending("pickles").appending(name), plain.directory] {
      for file in try FileSystem.names(in: source) where !file.hasSuffix(".safetensors") {
        try scratch.write(file, bytes: try Data(contentsOf: URL(fileURLWithPath: source.appending(file).string)))
      }
    }
    let model = try StoredModel(directory: scratch.path)
    #expect(model.parameters == plain.parameters && model.storedType == .float32 && model.labels == plain.labels)
    for parameter in plain.parameters {
      #expect(Array(model.tensor(parameter).bytes) == Array(plain.tensor(parameter).bytes), "\(parameter.name)")
    }
  }

  @Test("copies of a pickle's weights live as long as the weights that are computed with")
  func copiedWeights() throws {
    let scratch = try Scratch()
    let names = [("pickles/bert/pytorch_model.bin", "pytorch_model.bin"), ("models/two/config.json", "config.json")]
    for (file, name) in names {
      let source = Reference.directory.pushing(FilePath(file))
      try scratch.write(name, bytes: try Data(contentsOf: URL(fileURLWithPath: source.string)))
    }
    weak var copy: MappedFile?
    let weights = try {
      let model = try StoredModel(directory: scratch.path)
      #expect(model.files.files[0].copies.count == model.configuration.layers)
      copy = model.files.files[0].copies.first
      return try model.singlePrecisionWeights()
    }()
    withExtendedLifetime(weights) { #expect(copy != nil) }
  }

  @Test("a bare encoder is the model without prefix and head")
  func bare() throws {
    let plain = try Reference.model("three")
    let bare = try Reference.model("bare")
    #expect(!bare.hasHead && plain.hasHead)
    #expect(bare.configuration.firstDifference(from: plain.configuration) == nil)
    for parameter in bare.parameters {
      #expect(Array(bare.tensor(parameter).bytes) == Array(plain.tensor(parameter).bytes), "\(parameter.name)")
    }
  }

  @Test("F32 weights are used where they are mapped")
  func mapped() throws {
    let model = try Reference.model("three")
    let weights = try model.singlePrecisionWeights()
    let file = model.files.files[0].mapped.bytes
    let address = UnsafeRawPointer(weights.feedForward(1).intermediate.weight.base)
    #expect(address >= file.baseAddress! && address < file.baseAddress! + file.count)
  }
}
