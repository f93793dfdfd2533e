/// What `estimate` alone can ask of an estimation; the same on every rank.
package struct EstimationOptions: Sendable {
  /// Whether statistics for which that has a meaning include the task's own head: the Gram matrix of the classifier's
  /// input.
  package var includesClassifier = false
  /// Stop when no table's relative standard error is above this; nil uses all examples.
  package var largestError: Double?
  /// The examples of the first round, after which errors are looked at for the first time.
  package var firstRound = 256

  package init(includesClassifier: Bool = false) { self.includesClassifier = includesClassifier }
}
