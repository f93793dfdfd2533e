import Checkpoints

/// Where a model's special tokens stand around one text or a pair.
struct SpecialTokenTemplate: Sendable, Equatable {
  enum Piece: Sendable, Equatable {
    /// The ids of one special token.
    case special(ids: [Int32], typeID: Int32)
    case first(typeID: Int32)
    case second(typeID: Int32)

    var typeID: Int32 {
      switch self {
      case .special(_, let typeID), .first(let typeID), .second(let typeID): typeID
      }
    }
  }

  let single: [Piece]
  let pair: [Piece]

  init(single: [Piece], pair: [Piece]) {
    self.single = single
    self.pair = pair
  }

  /// [CLS] A [SEP] and [CLS] A [SEP] B [SEP], with segment 1 for B and its [SEP].
  init(classificationID: Int32, separatorID: Int32) {
    let start: [Piece] = [
      .special(ids: [classificationID], typeID: 0), .first(typeID: 0), .special(ids: [separatorID], typeID: 0),
    ]
    self.init(single: start, pair: start + [.second(typeID: 1), .special(ids: [separatorID], typeID: 1)])
  }

  /// <s> A </s> and <s> A </s> </s> B </s>, all of segment 0.
  static func roberta(classificationID: Int32, separatorID: Int32) -> SpecialTokenTemplate {
    func special(_ id: Int32) -> Piece { .special(ids: [id], typeID: 0) }
    let start = [special(classificationID), .first(typeID: 0), special(separatorID)]
    return SpecialTokenTemplate(
      single: start, pair: start + [special(separatorID), .second(typeID: 0), special(separatorID)])
  }

  /// A and A B, with segment 1 for B.
  static let bare = SpecialTokenTemplate(single: [.first(typeID: 0)], pair: [.first(typeID: 0), .second(typeID: 1)])

  /// The number of special tokens that are added to a single text or a pair.
  func specialCount(isPair: Bool) -> Int {
    (isPair ? pair : single).reduce(0) { count, piece in
      if case .special(let ids, _) = piece { count + ids.count } else { count }
    }
  }

  /// The ids and texts of both templates with their segments, for ``Tokenizer/identity``: a special token of several
  /// ids is the same as several special tokens.
  var meaning: JSON { ["pair": Self.meaning(of: pair), "single": Self.meaning(of: single)] }

  private static func meaning(of pieces: [Piece]) -> JSON {
    .array(
      pieces.flatMap { piece -> [JSON] in
        switch piece {
        case .special(let ids, let typeID):
          ids.map { ["id": .integer(Int($0)), "type_id": .integer(Int(typeID))] }
        case .first(let typeID): [["text": "A", "type_id": .integer(Int(typeID))]]
        case .second(let typeID): [["text": "B", "type_id": .integer(Int(typeID))]]
        }
      })
  }
}
