/// What becomes of the classification heads.
package enum HeadPolicy: String, Sendable, Codable, CaseIterable {
  /// Every task keeps its own.
  case keep
  /// The λ-weighted average of heads with the same labels, matched by their names.
  case merge
  /// Every task's classifier is solved anew on what the merged encoder gives it, towards its own model's outputs; what is
  /// below the classifier in a head stays the task's own.
  case resolve
}
