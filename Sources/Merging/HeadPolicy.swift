/// What becomes of the classification heads.
package enum HeadPolicy: String, Sendable, Codable, CaseIterable {
  /// Every task keeps its own.
  case keep
  /// The λ-weighted average of heads with the same labels, matched by their names.
  case merge
}
