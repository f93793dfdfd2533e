import Checkpoints
import Encoders
import LinearAlgebra

extension SyntheticModel {
  /// `config.json`, with the keys of the family's class.
  var configurationFile: JSON {
    let c = configuration
    let labels = (0..<c.outputs).map { "label_\($0)" }
    let members: [(String, JSON)] =
      [
        ("architectures", [.string(family.head.className)]), ("model_type", .string(c.modelType)),
        ("hidden_size", .integer(c.hidden)), ("num_hidden_layers", .integer(c.layers)),
        ("num_attention_heads", .integer(c.heads)), ("intermediate_size", .integer(c.intermediate)),
        ("vocab_size", .integer(c.vocabulary)), ("max_position_embeddings", .integer(c.positions)),
        ("pad_token_id", .integer(c.positionPadding ?? 0)),
      ] + ofFamily + [
        ("num_labels", .integer(c.outputs)), ("problem_type", "single_label_classification"),
        ("id2label", .object(labels.enumerated().map { .init(key: "\($0)", value: .string($1)) })),
        ("label2id", .object(labels.enumerated().map { .init(key: $1, value: .integer($0)) })),
      ]
    return .object(members.map { .init(key: $0, value: $1) })
  }

  /// What families name each in a way of its own.
  private var ofFamily: [(String, JSON)] {
    let c = configuration
    let bert: [(String, JSON)] = [
      ("hidden_act", .string(c.activation == .geluTanh ? "gelu_new" : c.activation.rawValue)),
      ("layer_norm_eps", .number(c.layerNormEpsilon)), ("type_vocab_size", .integer(c.tokenTypes)),
      ("hidden_dropout_prob", 0), ("attention_probs_dropout_prob", 0), ("position_embedding_type", "absolute"),
    ]
    switch c.modelType {
    case "bert": return bert
    case "albert":
      return bert + [
        ("embedding_size", .integer(c.embedding)), ("num_hidden_groups", .integer(c.variant.sharing?.groups ?? 1)),
        ("inner_group_num", .integer(c.variant.sharing?.inner ?? 1)), ("classifier_dropout_prob", 0),
      ]
    case "mpnet": return bert.filter { $0.0 != "type_vocab_size" && $0.0 != "position_embedding_type" }
    case "deberta-v2": return bert.filter { $0.0 != "position_embedding_type" } + deberta
    case "modernbert": return modernbert
    default: preconditionFailure("the keys of \(c.modelType)'s config.json are not known here")
    }
  }

  private var deberta: [(String, JSON)] {
    let variant = configuration.variant
    var members: [(String, JSON)] = [
      ("position_biased_input", .bool(variant.hasPositions)), ("pooler_hidden_act", "gelu"), ("pooler_dropout", 0),
    ]
    if let table = variant.disentangled {
      let terms = (table.contentToPosition ? ["c2p"] : []) + (table.positionToContent ? ["p2c"] : [])
      members += [
        ("relative_attention", true), ("pos_att_type", .array(terms.map { .string($0) })),
        ("position_buckets", .integer(table.buckets ?? -1)), ("max_relative_positions", .integer(table.farthest)),
        ("share_att_key", .bool(table.sharesProjections)),
        ("norm_rel_ebd", table.normalizesTable ? "layer_norm" : "none"),
      ]
    }
    if let convolution = variant.convolution {
      members += [
        ("conv_kernel_size", .integer(convolution.taps)), ("conv_groups", .integer(convolution.groups)),
        ("conv_act", .string(convolution.activation.rawValue)),
      ]
    }
    return members
  }

  private var modernbert: [(String, JSON)] {
    let (c, variant) = (configuration, configuration.variant)
    guard let rotary = variant.rotary else { preconditionFailure("a ModernBERT turns queries and keys") }
    func turn(_ theta: Double) -> JSON { ["rope_type": "default", "rope_theta": .number(theta)] }
    return [
      ("hidden_activation", .string(c.activation.rawValue)), ("norm_eps", .number(c.layerNormEpsilon)),
      ("norm_bias", .bool(variant.normBias)), ("attention_bias", .bool(variant.attentionBias)),
      ("mlp_bias", .bool(variant.feedForwardBias)), ("classifier_bias", .bool(variant.headBias)),
      ("classifier_activation", "gelu"), ("classifier_pooling", variant.poolsMean ? "mean" : "cls"),
      ("local_attention", .integer(2 * rotary.window)),
      ("layer_types", .array(rotary.isLocal.map { $0 ? "sliding_attention" : "full_attention" })),
      (
        "rope_parameters",
        ["full_attention": turn(rotary.globalTheta), "sliding_attention": turn(rotary.localTheta)]
      ),
      ("attention_dropout", 0), ("embedding_dropout", 0), ("mlp_dropout", 0), ("classifier_dropout", 0),
      // Ids inside of any vocabulary; nothing reads them.
      ("bos_token_id", 2), ("eos_token_id", 3), ("cls_token_id", 2), ("sep_token_id", 3),
    ]
  }
}
