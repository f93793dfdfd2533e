import Checkpoints

/// BERT's template, with the tokens `cls` and `sep`.
enum BertProcessing: PostProcessor {
  static let typeName = "BertProcessing"

  static func template(_ section: TokenizerSection) throws(TokenizerError) -> SpecialTokenTemplate {
    try section.requireKeys(["type", "sep", "cls"])
    return SpecialTokenTemplate(
      classificationID: try section.tokenAndID("cls"), separatorID: try section.tokenAndID("sep"))
  }
}

extension TokenizerSection {
  /// The id of a `["[SEP]", 102]`.
  func tokenAndID(_ member: String) throws(TokenizerError) -> Int32 {
    let parts = try array(member)
    guard parts.count == 2, parts[0].string != nil, let id = parts[1].integer.flatMap(Int32.init(exactly:)), id >= 0
    else { throw wrongType(member, "a token and its id") }
    return id
  }
}
