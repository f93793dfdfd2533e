extension Family {
  /// The families that the encoder knows.
  package static let all: [Family] = [.bert]

  /// The family of a `model_type`; nil where it is unknown.
  package static func named(_ modelType: String) -> Family? { all.first { $0.modelType == modelType } }
}
