import Checkpoints
import LinearAlgebra

/// The keys of `config.json` that a family's class has: what the computation reads, what it binds to the values that
/// are computed, and what changes nothing. A key of none of these kinds belongs to no class, and is named in a note.
package struct ConfigurationKeys: Sendable {
  package struct Size: Sendable {
    let name: String
    /// What an absent key means.
    let fallback: Int

    init(_ name: String, default fallback: Int) {
      self.name = name
      self.fallback = fallback
    }
  }

  package struct Number: Sendable {
    /// Nil where the family has no such key.
    let name: String?
    /// What an absent key means.
    let fallback: Double

    init(_ name: String?, default fallback: Double) {
      self.name = name
      self.fallback = fallback
    }
  }

  /// A key that changes the computation, and the values that are computed; every other is refused. An absent key, and
  /// null, mean the first.
  package struct Bound: Sendable {
    let name: String
    let computed: [JSON]

    init(_ name: String, _ computed: JSON...) {
      self.name = name
      self.computed = computed
    }

    /// The computed values, for messages.
    var supported: String {
      computed.map { $0.isNull ? "no such key" : $0.string ?? $0.serialized(indentation: nil) }.joined(separator: ", ")
    }
  }

  let layers: Size
  let hidden: Size
  /// Nil where tables are as wide as the layers; where its absence means that, its default is 0.
  let embedding: Size?
  let heads: Size
  let intermediate: Size
  let vocabulary: Size
  let positions: Size
  /// Of the id behind which positions are counted; nil where they count from 0, or from behind an id that no key names.
  let positionPadding: Size?
  /// That id.
  let fixedPositionPadding: Int?
  /// Nil where there is no table; where there need not be one, its default is 0.
  let tokenTypes: Size?
  /// The name of the key of the activation between the feed-forward matrices.
  let activation: String
  /// What that key's absence means.
  let activationFallback: String
  let layerNormEpsilon: Number
  /// What the family computes in more than one way; nil for one way.
  let variant: VariantKeys?
  /// The family's own, beside ``commonBounds``.
  let bounds: [Bound]
  /// Keys of the family's class, beside ``commonHarmless``, that change nothing: dropout and the like.
  let harmless: [String]

  /// The sizes that have to be the same where weights are averaged.
  var sizes: [(key: Size, size: KeyPath<EncoderConfiguration, Int>)] {
    [
      (vocabulary, \.vocabulary), (hidden, \.hidden), (layers, \.layers), (heads, \.heads),
      (intermediate, \.intermediate), (positions, \.positions),
    ] + (tokenTypes.map { [($0, \.tokenTypes)] } ?? []) + (embedding.map { [($0, \.embedding)] } ?? [])
  }

  init(
    layers: Size, hidden: Size, embedding: Size? = nil, heads: Size, intermediate: Size, vocabulary: Size,
    positions: Size, positionPadding: Size? = nil, fixedPositionPadding: Int? = nil, tokenTypes: Size?,
    activation: String, activationFallback: String = "gelu", layerNormEpsilon: Number, variant: VariantKeys? = nil,
    bounds: [Bound], harmless: [String]
  ) {
    self.layers = layers
    self.hidden = hidden
    self.embedding = embedding
    self.heads = heads
    self.intermediate = intermediate
    self.vocabulary = vocabulary
    self.positions = positions
    self.positionPadding = positionPadding
    self.fixedPositionPadding = fixedPositionPadding
    self.tokenTypes = tokenTypes
    self.activation = activation
    self.activationFallback = activationFallback
    self.layerNormEpsilon = layerNormEpsilon
    self.variant = variant
    self.bounds = bounds
    self.harmless = harmless
  }

  /// The names that `transformers` has for what is computed; forms that differ in rounding alone are one.
  private static let activations: [(name: String, activation: Activation)] = [
    ("gelu", .gelu), ("gelu_python", .gelu), ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh),
    ("gelu_fast", .geluTanh), ("gelu_accurate", .geluTanh), ("gelu_python_tanh", .geluTanh), ("relu", .relu),
    ("silu", .silu), ("swish", .silu), ("tanh", .tanh),
  ]

  /// The first name of an activation.
  static func name(of activation: Activation) -> String {
    activations.first { $0.activation == activation }?.name ?? activation.rawValue
  }

  /// The activation between the feed-forward matrices.
  func activation(of settings: ModelConfiguration) throws -> Activation {
    try Self.activation(activation, of: settings, default: activationFallback)
  }

  /// The activation that a key of a configuration names.
  static func activation(_ key: String, of settings: ModelConfiguration, default fallback: String) throws -> Activation
  {
    let name = try settings.string(key, default: fallback)
    guard let known = Self.activations.first(where: { $0.name == name }) else {
      throw ModelError.unsupported(
        settings.path, key: key, value: name, supported: Self.activations.map(\.name).joined(separator: ", "))
    }
    return known.activation
  }

  /// The keys that a configuration has and no class of this family has, in their order. Names with an underscore in
  /// front are `transformers`' own notes.
  func unknown(in settings: ModelConfiguration) -> [String] {
    let known = Set(
      sizes.map(\.key.name) + [layerNormEpsilon.name, activation].compactMap { $0 }
        + (positionPadding.map { [$0.name] } ?? []) + (variant?.names ?? []) + (bounds + Self.commonBounds).map(\.name)
        + harmless
        + Self.commonHarmless + Self.read)
    return settings.json.members?.map(\.key).filter { !known.contains($0) && !$0.hasPrefix("_") } ?? []
  }

  /// Throws for the first key whose value asks for what is not computed.
  func check(_ settings: ModelConfiguration) throws(ModelError) {
    for bound in bounds + Self.commonBounds {
      guard let value = settings[bound.name], !bound.computed.contains(value) else { continue }
      throw .unsupported(
        settings.path, key: bound.name, value: value.string ?? value.serialized(indentation: nil),
        supported: bound.supported)
    }
  }
}

extension ConfigurationKeys {
  /// Keys of `PreTrainedConfig`, in versions 4 and 5, that change what an encoder computes.
  static let commonBounds = [
    Bound("is_decoder", false),
    Bound("add_cross_attention", false),
    Bound("is_encoder_decoder", false),
    Bound("pruned_heads", [:]),
    Bound("quantization_config", .null),
  ]

  /// What is read elsewhere: labels, the problem, the class, the tokenizer's class, the task's name.
  static let read = [
    "model_type", "architectures", "id2label", "label2id", "num_labels", "problem_type", "finetuning_task",
    "tokenizer_class",
  ]

  /// Keys of `PreTrainedConfig`, in versions 4 and 5, that change no output of an encoder with or without a
  /// classification head: what is returned beside it, memory, training, generation, other frameworks.
  static let commonHarmless = [
    "transformers_version", "dtype", "torch_dtype", "torchscript", "use_bfloat16", "tf_legacy_loss", "return_dict",
    "output_hidden_states", "output_attentions", "output_past", "use_cache", "gradient_checkpointing",
    "chunk_size_feed_forward", "cross_attention_hidden_size", "tie_word_embeddings", "tie_encoder_decoder",
    "initializer_range", "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "decoder_start_token_id",
    "task_specific_params", "prefix",
    // Generation, version 4.
    "max_length", "min_length", "do_sample", "early_stopping", "num_beams", "num_beam_groups", "diversity_penalty",
    "temperature", "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size",
    "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "output_scores",
    "return_dict_in_generate", "forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values",
    "exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens",
  ]
}
