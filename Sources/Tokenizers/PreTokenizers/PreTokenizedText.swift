/// Normalised text, and the pieces that it is cut into.
struct PreTokenizedText: Equatable {
  /// Scalar values.
  var scalars: [UInt32]
  /// Ranges of `scalars`, in order. What is in none of them is dropped.
  var pieces: [Range<Int>]
}
