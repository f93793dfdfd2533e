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
  package let keys: ConfigurationKeys
  package let embeddings: EmbeddingsForm
  /// The blocks of a layer, in the order in which the data flow through them.
  package let layer: [SublayerForm]
  package let head: HeadForm

  /// All parameters of a model, in the order in which the data flow through them. Without outputs there are those of
  /// the bare encoder.
  package func parameters(of configuration: EncoderConfiguration) -> [Parameter] {
    var all = embeddings.parameters(of: configuration)
    for number in 0..<configuration.layers {
      for sublayer in layer { all += sublayer.parameters(layer: number, of: configuration) }
    }
    all += head.parameters(of: configuration)
    return configuration.outputs > 0 ? all : all.filter { !$0.isHead }
  }

  /// A parameter's name in a file of the bare encoder.
  package func bareName(_ name: String) -> String {
    name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
  }
}
