import Checkpoints

/// RoBERTa's template: two `sep` between the texts of a pair, and segment 0 everywhere.
enum RobertaProcessing: PostProcessor {
  static let typeName = "RobertaProcessing"

  static func template(_ section: TokenizerSection) throws(TokenizerError) -> SpecialTokenTemplate {
    // The other two are about places in the text, not about ids.
    try section.requireKeys(["type", "sep", "cls", "trim_offsets", "add_prefix_space"])
    return .roberta(classificationID: try section.tokenAndID("cls"), separatorID: try section.tokenAndID("sep"))
  }
}
