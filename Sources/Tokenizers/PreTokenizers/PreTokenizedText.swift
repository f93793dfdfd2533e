/// Normalised text, and the pieces that it is cut into.
struct PreTokenizedText: Equatable {
  /// Scalar values.
  var scalars: [UInt32]
  /// Ranges of `scalars`, in order. What is in none of them is dropped.
  var pieces: [Range<Int>]
  /// How many scalars at the start stem from the first scalar of the whole text; 0 where nobody asks.
  var startCount = 0

  /// Cuts each piece at the ranges that `cut` gives for it, in order.
  mutating func cutPieces(_ cut: (Range<Int>, inout [Range<Int>]) -> Void) {
    var cuts: [Range<Int>] = []
    for piece in pieces {
      cuts.reserveCapacity(cuts.count + piece.count / 4)
      cut(piece, &cuts)
    }
    pieces = cuts
  }
}
