import Checkpoints
import LinearAlgebra
import SystemPackage
import TestSupport
import Testing

@testable import Encoders

/// Settings by which a family computes in more than one way: what is read, what is refused, and what may differ.
@Suite("Settings of families")
struct FamilySettingsTests {
  /// A model of the reference with one change of its `config.json`.
  struct Change: CustomTestStringConvertible, Sendable {
    let model, from, to, key: String
    var testDescription: String { "\(model): \(to)" }

    init(_ model: String, _ from: String, _ to: String, key: String) {
      (self.model, self.from, self.to, self.key) = (model, from, to, key)
    }
  }

  private func directory(_ change: Change, in scratch: Scratch) throws -> FilePath {
    var model = try EditedModel(change.model)
    #expect(model.config.contains(change.from))
    model.config = model.config.replacing(change.from, with: change.to, maxReplacements: 1)
    return try model.write("m", in: scratch)
  }

  static let refused = [
    Change(
      "mpnet", #""relative_attention_num_buckets": 32"#, #""relative_attention_num_buckets": 64"#,
      key: "relative_attention_num_buckets"),
    Change("albert", #""num_hidden_groups": 2"#, #""num_hidden_groups": 5"#, key: "num_hidden_groups"),
    Change("albert", #""inner_group_num": 2"#, #""inner_group_num": 5000"#, key: "inner_group_num"),
    Change("deberta-v2", #""position_buckets": 6"#, #""position_buckets": 7"#, key: "position_buckets"),
    Change("deberta-v2", #""max_relative_positions": -1"#, #""max_relative_positions": 4"#, key: "position_buckets"),
    Change("deberta-v2", #""conv_kernel_size": 3"#, #""conv_kernel_size": 4"#, key: "conv_kernel_size"),
    Change("deberta-v2", #""conv_groups": 1"#, #""conv_groups": 4"#, key: "conv_groups"),
    Change("deberta-v2", #""conv_act": "gelu""#, #""conv_act": "mish""#, key: "conv_act"),
    Change("deberta-v2", #""layer_norm""#, #""batch_norm""#, key: "norm_rel_ebd"),
    Change("deberta-v2", #""p2c""#, #""p2p""#, key: "pos_att_type"),
    Change("deberta-v2-separate", #""c2p|p2c""#, #""c2p|x""#, key: "pos_att_type"),
    Change("deberta-v2-separate", #""c2p|p2c""#, "[]", key: "pos_att_type"),
    Change("deberta-v2", #""pooler_hidden_size": 18"#, #""pooler_hidden_size": 12"#, key: "pooler_hidden_size"),
    Change("deberta-v2", #""vocab_size""#, #""attention_head_size": 9, "vocab_size""#, key: "attention_head_size"),
    Change("deberta-v2", #""pooler_hidden_act": "gelu""#, #""pooler_hidden_act": "x""#, key: "pooler_hidden_act"),
    Change("modernbert", #""vocab_size""#, #""rope_scaling": {"factor": 2}, "vocab_size""#, key: "rope_scaling"),
    Change("modernbert", #""rope_type": "default""#, #""rope_type": "yarn""#, key: "rope_parameters"),
    Change("modernbert", #""rope_type": "default""#, #""factor": 2.0"#, key: "rope_parameters"),
    Change("modernbert", #""rope_theta": 90.0"#, #""rope_theta": -1"#, key: "rope_parameters"),
    Change("modernbert", #""full_attention": {"#, #""other_attention": {"#, key: "rope_parameters"),
    Change("modernbert", #""sliding_attention","#, "", key: "layer_types"),
    Change("modernbert", #""sliding_attention","#, #""chunked_attention","#, key: "layer_types"),
    Change("modernbert", #""local_attention": 4"#, #""local_attention": 0"#, key: "local_attention"),
    Change("modernbert", #""classifier_pooling": "cls""#, #""classifier_pooling": "max""#, key: "classifier_pooling"),
    Change(
      "modernbert", #""classifier_activation": "gelu""#, #""classifier_activation": "x""#, key: "classifier_activation"),
    Change("modernbert-mean", #""local_rope_theta": 15.0"#, #""local_rope_theta": null"#, key: "local_rope_theta"),
    Change("modernbert-mean", #""local_rope_theta": 15.0"#, #""local_rope_theta": 0"#, key: "local_rope_theta"),
    Change("modernbert-mean", #""num_attention_heads": 3"#, #""num_attention_heads": 6"#, key: "num_attention_heads"),
  ]

  @Test("what is not computed is refused by file, key and value, with what is", arguments: refused)
  func refusals(change: Change) throws {
    let scratch = try Scratch()
    let directory = try directory(change, in: scratch)
    do {
      _ = try StoredModel(directory: directory)
      Issue.record("\(change.testDescription) passes")
    } catch let error as ModelError {
      #expect(error.subject == "\(directory)/config.json: \(change.key)", "\(error)")
      #expect(error.remedy.hasPrefix("supported: ") || error.remedy.hasPrefix("check that"), "\(error)")
    }
  }

  @Test("a family whose attention is another is refused by name", arguments: ["deberta", "longformer", "nomic_bert"])
  func otherFamilies(name: String) throws {
    let change = Change("deberta-v2", #""model_type": "deberta-v2""#, #""model_type": "\#(name)""#, key: "model_type")
    let scratch = try Scratch()
    let directory = try directory(change, in: scratch)
    #expect(throws: ModelError.unknownFamily(directory.appending("config.json"), modelType: name)) {
      try StoredModel(directory: directory)
    }
  }

  static let different = [
    Change("albert", #""num_hidden_groups": 2"#, #""num_hidden_groups": 1"#, key: "num_hidden_groups"),
    Change("albert", #""inner_group_num": 2"#, #""inner_group_num": 1"#, key: "inner_group_num"),
    Change("deberta-v2", #""position_buckets": 6"#, #""position_buckets": 8"#, key: "position_buckets"),
    Change(
      "deberta-v2-separate", #""max_relative_positions": 8"#, #""max_relative_positions": 9"#,
      key: "max_relative_positions"),
    Change("deberta-v2", #""share_att_key": true"#, #""share_att_key": false"#, key: "share_att_key"),
    Change("deberta-v2", #""layer_norm""#, #""none""#, key: "norm_rel_ebd"),
    Change("deberta-v2", #""conv_kernel_size": 3"#, #""conv_kernel_size": 5"#, key: "conv_kernel_size"),
    Change("deberta-v2", #""conv_act": "gelu""#, #""conv_act": "tanh""#, key: "conv_act"),
    Change("deberta-v2-separate", #""c2p|p2c""#, #""c2p""#, key: "pos_att_type"),
    Change(
      "deberta-v2-separate", #""relative_attention": true"#, #""relative_attention": false"#, key: "relative_attention"),
    Change(
      "deberta-v2-separate", #""position_biased_input": true"#, #""position_biased_input": false"#,
      key: "position_biased_input"),
    Change("modernbert", #""local_attention": 4"#, #""local_attention": 8"#, key: "local_attention"),
    Change("modernbert", #""sliding_attention","#, #""full_attention","#, key: "layer_types of layer 1"),
    Change("modernbert", #""rope_theta": 90.0"#, #""rope_theta": 91.0"#, key: "rope_theta of full_attention"),
    Change("modernbert", #""rope_theta": 12.0"#, #""rope_theta": 13.0"#, key: "rope_theta of sliding_attention"),
    Change("modernbert-mean", #""norm_bias": true"#, #""norm_bias": false"#, key: "norm_bias"),
  ]

  @Test("models that compute in different ways are told apart by key, with both values", arguments: different)
  func differences(change: Change) throws {
    let family = try Family(try ModelConfiguration(directory: Reference.path(change.model)))
    func configuration(_ text: String) throws -> EncoderConfiguration {
      let settings = try ModelConfiguration(JSON(parsing: Array(text.utf8)), path: "m/config.json")
      return try EncoderConfiguration(settings, family: family, hasHead: true)
    }
    let plain = try EditedModel(change.model).config
    // A text that does not say is made to say it.
    let said = plain.contains(change.from) ? plain : ""
    #expect(!said.isEmpty, "\(change.from)")
    let (here, there) = (
      try configuration(said), try configuration(said.replacing(change.from, with: change.to, maxReplacements: 1))
    )
    let difference = try #require(here.firstDifference(from: there))
    #expect(difference.key == change.key && difference.here != difference.there, "\(difference)")
    #expect(here.firstDifference(from: here) == nil)
  }

  @Test("what is the head's own may differ, unless heads are merged")
  func heads() throws {
    let plain = try Reference.model("modernbert").configuration
    for (key, change) in [
      ("classifier_pooling", { $0.variant.poolsMean = true }), ("classifier_bias", { $0.variant.headBias = true }),
      ("classifier_activation", { $0.variant.headActivation = .relu }),
    ] as [(String, (inout EncoderConfiguration) -> Void)] {
      var other = plain
      change(&other)
      #expect(plain.firstDifference(from: other) == nil && plain.firstHeadDifference(from: other)?.key == key)
    }
    let deberta = try Reference.model("deberta-v2").configuration
    var other = deberta
    other.variant.headActivation = .tanh
    #expect(deberta.firstHeadDifference(from: other)?.key == "pooler_hidden_act")
    #expect(deberta.firstHeadDifference(from: deberta) == nil)
  }

  @Test("a window is half of local_attention, rounded down; what version 4 wrote is read")
  func windows() throws {
    let rotary = try #require(try Reference.model("modernbert").configuration.variant.rotary)
    #expect(rotary == .init(globalTheta: 90, localTheta: 12, window: 2, isLocal: [false, true, true, false]))
    let older = try #require(try Reference.model("modernbert-mean").configuration.variant.rotary)
    #expect(older == .init(globalTheta: 200, localTheta: 15, window: 3, isLocal: [false, true, true]))
    let change = Change("modernbert", #""local_attention": 4"#, #""local_attention": 5"#, key: "local_attention")
    let scratch = try Scratch()
    let odd = try StoredModel(directory: directory(change, in: scratch))
    #expect(odd.configuration.variant.rotary?.window == 2)
    #expect(odd.configuration.firstDifference(from: try Reference.model("modernbert").configuration) == nil)
  }

  @Test("variants that no encoder can have are told from those that it can", arguments: RandomModel<Float>.variants)
  func possible(name: String) throws {
    let c = RandomModel<Float>.small(name)
    #expect(c.variant.isPossible(c))
    let impossible: [(inout EncoderConfiguration.Variant) -> Void] = [
      { $0.scoreTerms = 0 }, { $0.sharing = .init(groups: 0, inner: 1) }, { $0.sharing = .init(groups: 9, inner: 1) },
      { $0.sharing = .init(groups: 1, inner: 0) }, { $0.sharing = .init(groups: 1, inner: 1 << 30) },
      { $0.rotary = .init(globalTheta: 1, localTheta: 1, window: 1, isLocal: []) },
      { $0.rotary = .init(globalTheta: 0, localTheta: 1, window: 1, isLocal: [true, true, true]) },
      { $0.convolution = .init(taps: 2, groups: 1, activation: .relu) },
      { $0.convolution = .init(taps: 3, groups: 5, activation: .relu) },
      {
        $0.disentangled = .init(
          buckets: 0, farthest: 4, contentToPosition: true, positionToContent: true, sharesProjections: true,
          normalizesTable: true)
      },
      {
        $0.disentangled = .init(
          buckets: 4, farthest: 9, contentToPosition: false, positionToContent: false, sharesProjections: true,
          normalizesTable: true)
      },
    ]
    for change in impossible {
      var variant = c.variant
      change(&variant)
      #expect(!variant.isPossible(c), "\(variant)")
    }
  }
}
