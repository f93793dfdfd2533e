/// What one example is labelled with.
package enum Target: Sendable, Equatable {
  /// The index of a class, in `id2label` order.
  case label(Int)
  /// A number, for regression.
  case value(Double)
  /// A number for each output, for regression with several.
  case values([Double])
  /// One truth value for each class, for multi-label heads.
  case labels([Bool])
  /// No label was asked for.
  case none
}
