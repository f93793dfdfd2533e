import Parameters

/// How mask Fishers become merging weights (Fisher Mask Nodes, arXiv 2403.09891, and its public code).
package struct MaskFisherRule: Hashable, Sendable, Codable {
  /// Which parameters a head's or a neuron's own value weighs.
  package enum Assignment: String, Hashable, Sendable, Codable, CaseIterable {
    /// The published table: query, key and the first feed-forward map by head and neuron, all else by layer means.
    case paper
    /// Also the rows of V, the columns of W_O and of the second feed-forward map: the parameters that a mask
    /// multiplies.
    case structural
  }

  /// What makes the masks of different models comparable.
  package enum Normalization: String, Hashable, Sendable, Codable, CaseIterable {
    /// The masks as they are, as published.
    case none
    /// Each model's masks divided by its own u.
    case model
  }

  /// What a published program makes of zeros.
  package enum Zeros: String, Hashable, Sendable, Codable {
    /// See ``MaskFisherSums/asSummed(_:)``.
    case becomeOne = "become-one"
  }

  package var rule: Assignment
  package var normalize: Normalization
  /// Nil for the plain average of what weighs nothing in any model, as it should be.
  package var zeros: Zeros?

  /// Whether a row of the word embeddings is weighed by the mask of its token, instead of by u.
  package var tokenNodes: Bool

  package init(rule: Assignment, normalize: Normalization, tokenNodes: Bool = false, zeros: Zeros? = nil) {
    self.rule = rule
    self.normalize = normalize
    self.tokenNodes = tokenNodes
    self.zeros = zeros
  }
}

/// The merging weights of all sites by the mask Fishers of K models.
package struct MaskFisherWeights: Sendable {
  package let rule: MaskFisherRule
  package let coefficients: Coefficients
  /// Each model's statistic as the weights use it: per example, and normalised where the rule says so.
  package let models: [MaskFisherMeans]
  /// Of the rows of the word embeddings; nil where the rule has no token nodes.
  private let tokenRows: SiteWeights?

  /// - Parameters:
  ///   - sums: one statistic per model, all of one shape, in recipe order.
  ///   - tokenSums: Σ_n (∂ℓ_n/∂m)² of every token's mask, [vocabulary] for each model, where the rule has token nodes.
  /// - Throws: ``MergingError/countMismatch(subject:what:expected:found:)`` naming the model whose shape is different.
  package init(
    _ sums: [MaskFisherSums], tokenSums: [[Double]] = [], rule: MaskFisherRule, coefficients: Coefficients
  ) throws(MergingError) {
    guard sums.count == coefficients.count, let first = sums.first else {
      throw .countMismatch(subject: "models", what: "mask statistics", expected: coefficients.count, found: sums.count)
    }
    for other in sums {
      for (what, size) in [("layers", \MaskFisherSums.layers), ("heads", \.heads), ("neurons", \.neurons)]
      where other[keyPath: size] != first[keyPath: size] {
        throw .countMismatch(
          subject: other.model, what: what, expected: first[keyPath: size], found: other[keyPath: size])
      }
    }
    self.rule = rule
    self.coefficients = coefficients
    let means =
      rule.zeros == .becomeOne
      ? try MaskFisherSums.asSummed(sums).map { MaskFisherMeans($0, relativeBound: 0) }
      : sums.map { MaskFisherMeans($0) }
    models = rule.normalize == .model ? means.map { $0.normalized() } : means
    tokenRows =
      rule.tokenNodes
      ? try TokenRowWeights.weights(
        maskSums: tokenSums, examples: sums.map(\.exampleCount), normalize: rule.normalize, coefficients: coefficients)
      : nil
  }

  /// The weights of a merged parameter, λ multiplied in.
  ///
  /// A parameter's stage gives its number: u outside the layers, h̄_l in the attention of layer l, n̄_l in its
  /// feed-forward part. Where it is spread over heads or neurons, each block of it has the number of its own head or
  /// neuron instead; by the published table only where the mask does not scale what the block gives. Each of the layers
  /// that share a parameter has masks of its own: the parameter's number is the sum of theirs. With token nodes each row
  /// of the word embeddings has the number of its token (``TokenRowWeights``).
  ///
  /// - Throws: ``MergingError/noSuchLayer(_:layers:)``.
  package func weights(at role: ParameterRole) throws(MergingError) -> SiteWeights {
    if role.spread == .tokens, let tokenRows { return tokenRows }
    let mean: KeyPath<MaskFisherMeans, [Double]>
    switch role.stage {
    case .embeddings, .aboveLayers: return spread(.whole) { [$0.overall] }
    case .attention: mean = \.headMean
    case .feedForward: mean = \.neuronMean
    case .head: preconditionFailure("a task's own head is not merged by masks")
    }
    let layers = models[0].headMean.count
    for layer in role.uses where !(0..<layers).contains(layer) { throw .noSuchLayer(layer, layers: layers) }
    let isStructural = rule.rule == .structural
    func common(_ model: MaskFisherMeans) -> Double { role.uses.reduce(0) { $0 + model[keyPath: mean][$1] } }
    switch role.spread {
    case .rows(let nodes, let isScaled) where isStructural || !isScaled:
      return spread(.rows) { $0.values(of: nodes, in: role.uses) }
    case .columns(let nodes) where isStructural: return spread(.columns) { $0.values(of: nodes, in: role.uses) }
    case .parts(let parts):
      return spread(.rows) { model in
        parts.flatMap { part in
          guard case .rows(let nodes, let isScaled) = part else { preconditionFailure("parts are spread over rows") }
          let values = model.values(of: nodes, in: role.uses)
          return isStructural || !isScaled ? values : values.map { _ in common(model) }
        }
      }
    case .rows, .columns, .labels, .tokens, .whole: return spread(.whole) { [common($0)] }
    }
  }

  private func spread(_ axis: SiteWeights.Axis, _ statistic: (MaskFisherMeans) -> [Double]) -> SiteWeights {
    SiteWeights(axis, statistics: models.map(statistic), coefficients: coefficients)
  }
}

extension MaskFisherMeans {
  /// The sums over some layers, by node.
  fileprivate func values(of nodes: ParameterRole.Nodes, in layers: [Int]) -> [Double] {
    let all =
      switch nodes {
      case .heads: head
      case .neurons: neuron
      }
    guard let first = layers.first else { return [] }
    return layers.dropFirst().reduce(all[first]) { zip($0, all[$1]).map(+) }
  }
}
