/// From which end tokens are cut.
enum TruncationSide: String, Sendable, Equatable {
  case left, right

  /// The `count` ids that are kept.
  func keep(_ count: Int, of ids: [Int32]) -> ArraySlice<Int32> {
    self == .right ? ids.prefix(count) : ids.suffix(count)
  }
}
