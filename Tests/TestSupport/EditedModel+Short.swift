import Encoders

extension EditedModel {
  /// A model of the reference without the last of its three layers, as `Tests/Reference/distill.py` has it.
  package static func short(_ name: String, in scratch: Scratch) throws -> StoredModel {
    var model = try EditedModel(name)
    model.tensors.removeAll { $0.name.hasPrefix("bert.encoder.layer.2.") }
    model.config = model.config.replacing(#""num_hidden_layers": 3"#, with: #""num_hidden_layers": 2"#)
    return try StoredModel(directory: model.write("short-\(name)", in: scratch))
  }
}
