/// What becomes of the scalars at which a piece is split.
enum SplitBehavior: String, Sendable, CaseIterable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  /// Appends the ranges that `piece` is cut into.
  func cut(_ piece: Range<Int>, into cuts: inout [Range<Int>], at isDelimiter: (Int) -> Bool) {
    var start = piece.lowerBound
    func isCut(before index: Int, _ isHere: Bool, _ wasDelimiter: Bool) -> Bool {
      switch self {
      case .removed, .isolated: isHere || wasDelimiter
      case .contiguous: isHere != wasDelimiter
      case .mergedWithPrevious: wasDelimiter
      case .mergedWithNext: isHere
      }
    }
    var wasDelimiter = false
    for index in piece {
      let isHere = isDelimiter(index)
      if index > start, isCut(before: index, isHere, wasDelimiter) {
        if self != .removed || !wasDelimiter { cuts.append(start..<index) }
        start = index
      }
      wasDelimiter = isHere
    }
    if start < piece.upperBound, self != .removed || !wasDelimiter { cuts.append(start..<piece.upperBound) }
  }
}
