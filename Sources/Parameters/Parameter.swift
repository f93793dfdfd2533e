/// One tensor of a model: its place in the encoder, its name in the file, its shape, and what it does.
package struct Parameter: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Codable { case weight, bias }

  package let component: Component
  /// The layer, counted from 0; nil outside the layers. Layers that share all parameters are one here.
  package let layer: Int?
  package let kind: Kind
  /// The tensor's name in a file with a head, such as `bert.encoder.layer.0.attention.self.query.weight`.
  package let name: String
  /// Linear layers: [outputs, inputs] and [outputs]; embeddings: [rows, hidden]; LayerNorm: [hidden]; convolutions:
  /// [outputs, inputs, taps].
  package let shape: [Int]
  package let role: ParameterRole

  package init(component: Component, layer: Int?, kind: Kind, name: String, shape: [Int], role: ParameterRole) {
    self.component = component
    self.layer = layer
    self.kind = kind
    self.name = name
    self.shape = shape
    self.role = role
  }

  package var count: Int { shape.reduce(1, *) }

  /// Whether a task keeps its own: the classification head is not merged.
  package var isHead: Bool { role.stage == .head }
}
