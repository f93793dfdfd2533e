import Checkpoints

extension Family {
  /// The families that the encoder knows.
  package static let all: [Family] = [
    .bert, .roberta, .xlmRoberta, .camembert, .distilbert, .electra, .albert, .mpnet, .deberta, .modernbert,
  ]

  /// The family of a `model_type`; nil where it is unknown.
  package static func named(_ modelType: String) -> Family? { all.first { $0.modelType == modelType } }

  /// The family that a configuration names.
  init(_ settings: ModelConfiguration) throws {
    let modelType = try settings.string("model_type")
    guard let family = Family.named(modelType) else {
      throw ModelError.unknownFamily(settings.path, modelType: modelType)
    }
    self = family
  }
}
