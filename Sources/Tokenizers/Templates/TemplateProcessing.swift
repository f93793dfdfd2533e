import Checkpoints

/// A template that the file writes down, token by token.
enum TemplateProcessing: PostProcessor {
  static let typeName = "TemplateProcessing"

  static func template(_ section: TokenizerSection) throws(TokenizerError) -> SpecialTokenTemplate {
    try section.requireKeys(["type", "single", "pair", "special_tokens"])
    let specials = try section.section("special_tokens")
    let single = try section.pieces("single", specials: specials)
    let pair = try section.pieces("pair", specials: specials)
    guard single.texts == [0] else {
      throw section.unsupported("single", "a template without the text A alone", "one A between special tokens")
    }
    guard pair.texts == [0, 1] else {
      throw section.unsupported("pair", "a template that is not A, then B", "one A and one B between special tokens")
    }
    return SpecialTokenTemplate(single: single.pieces, pair: pair.pieces)
  }
}

extension TokenizerSection {
  /// A template, and which texts (0 for A, 1 for B) stand in it in which order.
  fileprivate func pieces(
    _ member: String, specials: TokenizerSection
  ) throws(TokenizerError) -> (pieces: [SpecialTokenTemplate.Piece], texts: [Int]) {
    var pieces: [SpecialTokenTemplate.Piece] = []
    var texts: [Int] = []
    let elements = try array(member)
    guard elements.count <= 64 else {
      throw .tooLarge(file: file, what: "\(path(member)) has \(elements.count) parts, more than 64")
    }
    for (index, json) in elements.enumerated() {
      let piece = try section(member, index, json)
      try piece.requireKeys(["SpecialToken", "Sequence"])
      if piece.json["SpecialToken"] != nil {
        let special = try piece.section("SpecialToken")
        try special.requireKeys(["id", "type_id"])
        let ids = try specials.specialIDs(try special.string("id"))
        pieces.append(.special(ids: ids, typeID: try special.id("type_id")))
      } else {
        let sequence = try piece.section("Sequence")
        try sequence.requireKeys(["id", "type_id"])
        let isFirst = try sequence.string("id", oneOf: ["A", "B"]) == "A"
        let typeID = try sequence.id("type_id")
        pieces.append(isFirst ? .first(typeID: typeID) : .second(typeID: typeID))
        texts.append(isFirst ? 0 : 1)
      }
    }
    return (pieces, texts)
  }

  fileprivate func specialIDs(_ token: String) throws(TokenizerError) -> [Int32] {
    let special = try section(token)
    try special.requireKeys(["id", "ids", "tokens"])
    var ids: [Int32] = []
    for value in try special.array("ids") {
      guard let id = value.integer.flatMap(Int32.init(exactly:)), id >= 0 else {
        throw special.wrongType("ids", "a list of ids below 2^31")
      }
      ids.append(id)
    }
    return ids
  }
}
