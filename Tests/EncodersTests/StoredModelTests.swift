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

  @Test(
    "XLM-R and CamemBERT are RoBERTa under other names",
    arguments: [("xlm-roberta", "XLMRoberta"), ("camembert", "Camembert")])
  func otherNames(modelType: String, className: String) throws {
    let scratch = try Scratch()
    var model = try EditedModel("roberta")
    model.config = model.config.replacing(#""model_type": "roberta""#, with: #""model_type": "\#(modelType)""#)
      .replacing("RobertaFor", with: "\(className)For")
    // What a checkpoint of pre-training carries along.
    model.tensors.append(.init(name: "roberta.pooler.dense.bias", shape: [18], values: Array(repeating: 1, count: 18)))
    model.tensors.append(.init(name: "lm_head.bias", shape: [1], values: [1]))
    let (other, plain) = (try StoredModel(directory: model.write("m", in: scratch)), try Reference.model("roberta"))
    #expect(other.family.modelType == modelType && other.family.tokenizerClass == "\(className)Tokenizer")
    #expect(other.notes.count == 1 && other.notes[0].contains("lm_head.bias, roberta.pooler.dense.bias"))
    #expect(other.configuration.firstDifference(from: plain.configuration)?.key == "model_type")
    let batch = try Reference.block(for: "roberta", outputs: .singleLabel).batch
    let logits = try [other, plain].map { model in
      let encoder = Encoder(weights: try model.singlePrecisionWeights())
      return withExtendedLifetime(encoder) { encoder.forward(batch).logits.elements.array }
    }
    #expect(logits[0] == logits[1])
  }

  @Test("a bare RoBERTa has no prefix, and its pooler is not read")
  func bareRoberta() throws {
    let scratch = try Scratch()
    var model = try EditedModel("roberta")
    model.tensors.removeAll { !$0.name.hasPrefix("roberta.") }
    for index in model.tensors.indices { model.tensors[index].name.removeFirst("roberta.".count) }
    model.tensors.append(.init(name: "pooler.dense.bias", shape: [18], values: Array(repeating: 1, count: 18)))
    model.config = model.config.replacing("RobertaForSequenceClassification", with: "RobertaModel")
    let bare = try StoredModel(directory: model.write("m", in: scratch))
    let plain = try Reference.model("roberta")
    #expect(!bare.hasHead && bare.parameters == plain.parameters.filter { !$0.isHead })
    for parameter in bare.parameters {
      #expect(Array(bare.tensor(parameter).bytes) == Array(plain.tensor(parameter).bytes), "\(parameter.name)")
    }
  }

  @Test("sizes of a family that cannot be, and models that differ, are refused by key")
  func sizes() throws {
    let scratch = try Scratch()
    var model = try EditedModel("roberta")
    model.config = model.config.replacing(#""max_position_embeddings": 28"#, with: #""max_position_embeddings": 5"#)
    var directory = try model.write("few", in: scratch)
    // Behind the padding's id there is one row left.
    #expect(
      throws: ModelError.impossibleSize(directory.appending("config.json"), key: "max_position_embeddings", value: 5)
    ) { try StoredModel(directory: directory) }
    let plain = try Reference.model("roberta")
    #expect(plain.configuration.maximumTokens == 24)
    for (from, to, key) in [
      (#""pad_token_id": 3"#, #""pad_token_id": 1"#, "pad_token_id"),
      (#""hidden_act": "gelu_new""#, #""hidden_act": "gelu""#, "hidden_act"),
    ] {
      var other = try EditedModel("roberta")
      #expect(other.config.contains(from))
      other.config = other.config.replacing(from, with: to)
      directory = try other.write(key, in: scratch)
      #expect(
        try StoredModel(directory: directory).configuration.firstDifference(from: plain.configuration)?.key == key)
    }
    var narrow = try EditedModel("electra")
    narrow.config = narrow.config.replacing(#""embedding_size": 10"#, with: #""embedding_size": 18"#)
    directory = try narrow.write("narrow", in: scratch)
    #expect(throws: ModelError.self) { try StoredModel(directory: directory) }
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
