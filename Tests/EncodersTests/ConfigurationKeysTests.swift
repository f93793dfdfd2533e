import Checkpoints
import LinearAlgebra
import SystemPackage
import TestSupport
import Testing

@testable import Encoders

/// `Tests/Reference/configuration_keys-*.json` has the keys of the classes, as `transformers` writes them.
@Suite("Keys of config.json")
struct ConfigurationKeysTests {
  private let path: FilePath = "model/config.json"

  /// The keys of a family's class in one version, with their defaults.
  private func keys(_ version: Int, _ family: Family) throws -> [JSON.Member] {
    let file = try JSON(contentsOf: Reference.directory.appending("configuration_keys-\(version).json"))
    return try #require(file["keys"]?[family.modelType]?.members)
  }

  private func settings(_ members: [JSON.Member]) throws -> ModelConfiguration {
    try ModelConfiguration(.object(members), path: path)
  }

  @Test("every key of the class is known, and its default is computed", arguments: [4, 5])
  func complete(version: Int) throws {
    for family in Family.all {
      let members = try keys(version, family)
      #expect(members.count > 25)
      let settings = try settings(members)
      #expect(family.keys.unknown(in: settings) == [])
      try family.keys.check(settings)
      // An absent key means what the class has.
      let padding = family.keys.positionPadding.map { [$0] } ?? []
      for key in family.keys.sizes.map(\.key) + padding {
        // DeBERTa's class has no default for the tables' width: none is that of the layers.
        let isLeftOut = family.modelType == "deberta-v2" && key.name == "embedding_size"
        #expect(settings[key.name]?.integer == (isLeftOut ? nil : key.fallback), "\(family.modelType): \(key.name)")
      }
      // As it is without the other keys.
      let sizes = try EncoderConfiguration(settings, family: family, hasHead: false)
      #expect(try EncoderConfiguration(self.settings([]), family: family, hasHead: false) == sizes)
      if let name = family.keys.layerNormEpsilon.name {
        #expect(settings[name]?.double == family.keys.layerNormEpsilon.fallback)
      }
      #expect(settings[family.keys.activation]?.string == family.keys.activationFallback)
    }
  }

  @Test("a key that no class has is named, and stops nothing")
  func unknown() throws {
    let settings = try settings([
      .init(key: "pooler_fc_size", value: 768), .init(key: "hidden_size", value: 8),
      .init(key: "_name_or_path", value: "x"),
      .init(key: "directionality", value: "bidi"),
    ])
    #expect(Family.bert.keys.unknown(in: settings) == ["pooler_fc_size", "directionality"])
    var model = try EditedModel("two")
    model.config = model.config.replacing("{", with: #"{"directionality": "bidi", "#, maxReplacements: 1)
    let scratch = try Scratch()
    let stored = try StoredModel(directory: model.write("m", in: scratch))
    #expect(stored.notes == ["\(stored.settings.path): nothing reads directionality"])
  }

  @Test(
    "a value that asks for another computation is refused by key and value",
    arguments: [
      ("is_decoder", JSON.bool(true)), ("add_cross_attention", JSON.bool(true)),
      ("is_encoder_decoder", JSON.bool(true)),
      ("pruned_heads", JSON.object([.init(key: "0", value: [1, 2])])),
      ("quantization_config", JSON.object([.init(key: "quant_method", value: "bitsandbytes")])),
      ("position_embedding_type", JSON.string("relative_key")),
      ("position_embedding_type", JSON.string("relative_key_query")), ("is_decoder", JSON.string("false")),
    ])
  func refused(key: String, value: JSON) throws {
    let shown = value.string ?? value.serialized(indentation: nil)
    let settings = try settings([.init(key: key, value: value)])
    do throws(ModelError) {
      try Family.bert.keys.check(settings)
      Issue.record("\(key) \(shown) passes")
    } catch {
      #expect(error.subject == "model/config.json: \(key)" && error.problem == "\(shown) is not supported")
      #expect(error.remedy.hasPrefix("supported: "))
    }
  }

  @Test("activations are what transformers computes under their names, and others are refused by key and value")
  func activations() throws {
    for family in Family.all {
      func activation(_ value: JSON?) throws -> Activation {
        try family.keys.activation(of: settings(value.map { [.init(key: family.keys.activation, value: $0)] } ?? []))
      }
      let fallback: Activation = family.modelType == "albert" ? .geluTanh : .gelu
      #expect(try activation(nil) == fallback && activation(.null) == fallback && activation("gelu_python") == .gelu)
      for name in ["gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate", "gelu_python_tanh"] {
        #expect(try activation(.string(name)) == .geluTanh)
      }
      #expect(try activation("relu") == .relu && activation("silu") == .silu && activation("swish") == .silu)
      #expect(try activation("tanh") == .tanh)
      for name in ["quick_gelu", "gelu_10", "mish", "GELU", ""] {
        #expect {
          try activation(.string(name))
        } throws: { error in
          guard case ModelError.unsupported(_, family.keys.activation, name, _) = error else { return false }
          return true
        }
      }
    }
  }

  @Test(
    "other spellings of what is computed pass",
    arguments: [
      ("is_decoder", JSON.null), ("pruned_heads", JSON.object([])), ("quantization_config", JSON.null),
    ])
  func accepted(key: String, value: JSON) throws {
    try Family.bert.keys.check(settings([.init(key: key, value: value)]))
  }

  @Test(
    "the class of another head is refused by name, whatever the tensors are",
    arguments: [
      "BertForTokenClassification", "BertForMultipleChoice", "BertForMaskedLM", "BertForNextSentencePrediction",
      "BertForQuestionAnswering", "BertLMHeadModel", "RobertaForSequenceClassification",
    ])
  func otherHead(_ name: String) throws {
    var model = try EditedModel("two")
    model.config = model.config.replacing("BertForSequenceClassification", with: name)
    let scratch = try Scratch()
    let directory = try model.write("m", in: scratch)
    #expect(
      throws: ModelError.unsupported(
        directory.appending("config.json"), key: "architectures", value: name,
        supported: "BertForSequenceClassification, BertModel")
    ) { try StoredModel(directory: directory) }
  }

  @Test(
    "no architectures, and the names of other frameworks", arguments: ["[]", #"["TFBertForSequenceClassification"]"#])
  func architectures(_ value: String) throws {
    var model = try EditedModel("two")
    #expect(model.config.contains(#""BertForSequenceClassification""#))
    model.config = model.config.replacing(#/"architectures": \[[^\]]*\]/#, with: #""architectures": "# + value)
    let scratch = try Scratch()
    #expect(try StoredModel(directory: model.write("m", in: scratch)).hasHead)
  }
}

@Suite("Tensors beside a model's")
struct ForeignTensorTests {
  private func write(_ edit: (inout EditedModel) -> Void) throws -> (FilePath, Scratch) {
    var model = try EditedModel("two")
    edit(&model)
    let scratch = try Scratch()
    return (try model.write("m", in: scratch), scratch)
  }

  @Test(
    "what pre-training and old versions leave is named, and stops nothing",
    arguments: [
      "cls.predictions.bias", "cls.seq_relationship.weight", "bert.embeddings.token_type_ids",
      "bert.embeddings.position_ids", "bert.encoder.position_ids",
    ])
  func harmless(_ name: String) throws {
    let (directory, scratch) = try write { $0.tensors.append(.init(name: name, shape: [2], values: [0, 1])) }
    let model = try withExtendedLifetime(scratch) { try StoredModel(directory: directory) }
    #expect(model.notes == ["\(directory): nothing reads the tensors \(name)"])
  }

  @Test(
    "a tensor that would have taken part in the computation is refused",
    arguments: [
      "bert.encoder.layer.0.attention.self.distance_embedding.weight",
      "bert.encoder.layer.0.attention.self.query.lora_A.default.weight",
      "bert.encoder.layer.0.adapters.down.weight", "bert.encoder.layer.9.output.dense.weight", "classifier.scale",
    ])
  func refused(_ name: String) throws {
    let (directory, scratch) = try write { $0.tensors.append(.init(name: name, shape: [2], values: [0, 1])) }
    #expect(throws: ModelError.unknownTensor(directory, tensor: name)) {
      try withExtendedLifetime(scratch) { try StoredModel(directory: directory) }
    }
  }

  @Test(
    "the name of a wrapper before all tensors is named with a remedy",
    arguments: ["module.", "_orig_mod.", "model.", "base_model.model."])
  func prefixes(_ prefix: String) throws {
    let (directory, scratch) = try write { model in
      for index in model.tensors.indices { model.tensors[index].name = prefix + model.tensors[index].name }
    }
    do {
      _ = try withExtendedLifetime(scratch) { try StoredModel(directory: directory) }
      Issue.record("\(prefix) passes")
    } catch let error as ModelError {
      #expect(error.problem.hasPrefix("\"\(prefix)\" stands before") && error.remedy.contains("unwrapped"))
    }
  }
}
