/// Where a model's special tokens stand around one text or a pair: `TemplateProcessing` or `BertProcessing`.
package struct SpecialTokenTemplate: Sendable, Equatable {
  package enum Piece: Sendable, Equatable {
    /// The ids of one special token.
    case special(ids: [Int32], typeID: Int32)
    case first(typeID: Int32)
    case second(typeID: Int32)
  }

  package let single: [Piece]
  package let pair: [Piece]

  package init(single: [Piece], pair: [Piece]) {
    self.single = single
    self.pair = pair
  }

  /// [CLS] A [SEP] and [CLS] A [SEP] B [SEP], with segment 1 for B and its [SEP].
  package init(classificationID: Int32, separatorID: Int32) {
    let start: [Piece] = [
      .special(ids: [classificationID], typeID: 0), .first(typeID: 0), .special(ids: [separatorID], typeID: 0),
    ]
    self.init(single: start, pair: start + [.second(typeID: 1), .special(ids: [separatorID], typeID: 1)])
  }

  /// The number of special tokens that are added to a single text or a pair.
  package func specialCount(isPair: Bool) -> Int {
    (isPair ? pair : single).reduce(0) { count, piece in
      if case .special(let ids, _) = piece { count + ids.count } else { count }
    }
  }
}
