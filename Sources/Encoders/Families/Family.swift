import Parameters

/// A family of encoders as a value: how its files name things, and the blocks that it is made of.
///
/// A new family is a file beside this one and a line of ``all``. What it computes differently is another block or
/// another value of a block; nothing asks which family it is. Names of tensors and keys of `config.json` stand in the
/// family's file and nowhere else.
package struct Family: Sendable {
  /// `model_type` in `config.json`.
  package let modelType: String
  /// `architectures` in the `config.json` of a bare encoder.
  package let bareClassName: String
  /// What precedes the encoder's names in a model with a head; a bare encoder's file leaves it out.
  package let prefix: String
  /// What the names of tensors begin with that pre-training leaves beside a model, and that no computation reads.
  let ignored: [String]
  /// The class of a tokenizer whose files name none.
  package let tokenizerClass: String
  package let keys: ConfigurationKeys
  package let embeddings: EmbeddingsForm
  /// What the attention of all layers shares about relative positions; nil for nothing.
  let relative: RelativeForm?
  /// The blocks of a layer, in the order in which the data flow through them.
  package let layer: [SublayerForm]
  /// The LayerNorm above the layers; nil where each layer ends with one.
  let finalNorm: NormForm?
  package let head: HeadForm

  init(
    modelType: String, bareClassName: String, prefix: String, ignored: [String], tokenizerClass: String,
    keys: ConfigurationKeys, embeddings: EmbeddingsForm, relative: RelativeForm? = nil, layer: [SublayerForm],
    finalNorm: NormForm? = nil, head: HeadForm
  ) {
    self.modelType = modelType
    self.bareClassName = bareClassName
    self.prefix = prefix
    self.ignored = ignored
    self.tokenizerClass = tokenizerClass
    self.keys = keys
    self.embeddings = embeddings
    self.relative = relative
    self.layer = layer
    self.finalNorm = finalNorm
    self.head = head
  }

  /// All parameters of a model, in the order in which the data flow through them. Without outputs there are those of
  /// the bare encoder.
  package func parameters(of configuration: EncoderConfiguration) -> [Parameter] {
    var all = embeddings.parameters(of: configuration)
    all += relative?.parameters(of: configuration) ?? []
    for place in configuration.layerPlaces {
      for sublayer in layer { all += sublayer.parameters(at: place, of: configuration) }
    }
    all += finalNorm?.parameters(width: configuration.hidden, of: configuration, role: Self.finalRole).all ?? []
    all += head.parameters(of: configuration)
    return configuration.outputs > 0 ? all : all.filter { !$0.isHead }
  }

  private static let finalRole = ParameterRole(.aboveLayers)

  /// What stands above the layers, bound to its weights.
  func bindTop<Scalar>(_ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> Top<Scalar> {
    Top(
      norm: finalNorm.map { Norm($0, width: c.hidden, configuration: c, role: Self.finalRole, views) },
      poolsMean: c.variant.poolsMean, head: head.bind(c, views))
  }

  /// A parameter's name in a file of the bare encoder.
  package func bareName(_ name: String) -> String {
    name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
  }

  /// Whether a tensor may lie beside a model's without a meaning: heads of pre-training, and the numbers 0, 1, 2, … or
  /// zeros that versions of `transformers` saved with the embeddings.
  func ignores(_ name: String) -> Bool {
    let last = name.split(separator: ".").last
    return ignored.contains { name.hasPrefix($0) } || last == "position_ids" || last == "token_type_ids"
  }

  /// The class of a whole model in `architectures`, as PyTorch, TensorFlow and Flax name it.
  func isKnown(architecture: String) -> Bool {
    ["", "TF", "Flax"].contains { architecture == $0 + head.className || architecture == $0 + bareClassName }
  }

  /// What stands before a parameter's name where a wrapper of training has saved itself; nil where nothing does.
  func foreignPrefix(of name: String, in names: [String]) -> String? {
    for wanted in [name, bareName(name)] {
      if let found = names.first(where: { $0.hasSuffix("." + wanted) && $0 != prefix + wanted }) {
        return String(found.dropLast(wanted.count))
      }
    }
    return nil
  }
}
