/// What `estimate` alone can ask of an estimation; the same on every rank.
package struct EstimationOptions: Sendable {
  /// Whether the Gram matrix of the classifier's input is estimated too.
  package var includesClassifier = false
  /// Stop when no table's relative standard error is above this; nil uses all examples.
  package var largestError: Double?
  /// The examples of the first round, after which errors are looked at for the first time.
  package var firstRound = 256

  package init() {}
}
