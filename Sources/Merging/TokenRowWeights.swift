/// The weights of each token's row in the word embeddings, from how often the token occurs in the models' examples or from
/// the Fisher information of the tokens' masks.
///
/// The word embeddings are a linear layer of one-hot inputs: its Gram matrix is diag(count), and RegMean's solution for a
/// row is the mean weighted by the share that the token has of each model's tokens. Every model gets a little of the mean
/// share beside, so that rows of tokens that no examples have are plain averages.
package struct TokenRowWeights {
  /// ε, what every model gets of the mean share of a token.
  static let least = 1e-6

  /// w_j[v] = λ_j (count_j[v] / Σ count_j + ε / V).
  ///
  /// - Parameter counts: of each model, in recipe order, for every token.
  /// - Throws: ``MergingError`` where a model has no tokens at all, or counts that are no counts.
  package static func weights(
    counts: [[Double]], coefficients: Coefficients
  ) throws(MergingError) -> SiteWeights {
    var shares: [[Double]] = []
    for (model, own) in zip(coefficients.models, counts) {
      if let place = own.firstIndex(where: { !($0 >= 0) || !$0.isFinite }) {
        throw .invalidStatistic(subject: "\(model): token counts", element: place, value: own[place])
      }
      let total = own.reduce(0, +)
      guard total > 0 else { throw .noExamples(subject: "\(model): token counts") }
      let least = least / Double(own.count)
      shares.append(own.map { $0 / total + least })
    }
    return SiteWeights(.rows, statistics: shares, coefficients: coefficients)
  }

  /// w_j[v] = λ_j (t_j[v] + ε t̄), with t_j the means over examples, divided by their own sum where models are made
  /// comparable, and t̄ the mean of all t_j[v]. Tokens that no model's examples have get the plain average.
  ///
  /// - Parameters:
  ///   - maskSums: Σ over examples of each token's squared mask gradient, for each model in recipe order.
  ///   - examples: how many are in each model's sums.
  /// - Throws: ``MergingError`` where sums are negative or not finite, or models have other numbers of tokens.
  package static func weights(
    maskSums: [[Double]], examples: [Int], normalize: MaskFisherRule.Normalization, coefficients: Coefficients
  ) throws(MergingError) -> SiteWeights {
    let names = coefficients.models
    guard maskSums.count == names.count, let tokens = maskSums.first?.count else {
      throw .countMismatch(subject: "models", what: "token masks", expected: names.count, found: maskSums.count)
    }
    var values: [[Double]] = []
    for (model, own) in maskSums.enumerated() {
      guard own.count == tokens else {
        throw .countMismatch(subject: names[model], what: "token masks", expected: tokens, found: own.count)
      }
      if let place = own.firstIndex(where: { !($0 >= 0) || !$0.isFinite }) {
        throw .invalidStatistic(subject: "\(names[model]), token masks", element: place, value: own[place])
      }
      let total = normalize == .model ? own.reduce(0, +) : Double(examples[model])
      values.append(total > 0 ? own.map { $0 / total } : own)
    }
    let mean = values.reduce(0) { $0 + $1.reduce(0, +) } / Double(max(1, tokens * values.count))
    return SiteWeights(
      .rows, statistics: values.map { $0.map { $0 + least * mean } }, coefficients: coefficients)
  }
}
