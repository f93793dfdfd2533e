import Parameters

@testable import Merging

/// Random mask statistics of K models and the table of METHODS.md, section 2, entry by entry in plain loops.
struct MaskOracle {
  let layers = 2
  let heads = 3
  let headSize = 2
  let neurons = 5
  var hidden: Int { heads * headSize }
  let lambda: [Double]
  let counts: [Int]
  /// [model][layer][head or neuron], sums over the model's examples.
  var head: [[[Double]]]
  var neuron: [[[Double]]]

  init(models: Int, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let (layers, heads, neurons) = (layers, heads, neurons)
    lambda = (0..<models).map { _ in Double.random(in: 0.2...3, using: &random) }
    counts = (0..<models).map { 7 + 5 * $0 }
    // Models of very different scales, as real ones are.
    let scales = (0..<models).map { [1, 40, 0.003][$0 % 3] }
    head = scales.map { scale in (0..<layers).map { _ in (0..<heads).map { _ in scale * random.square() } } }
    neuron = scales.map { scale in (0..<layers).map { _ in (0..<neurons).map { _ in scale * random.square() } } }
    for model in 0..<models {
      // Dead for all, dead for all but rounding noise, and dead for one.
      head[model][1][2] = 0
      neuron[model][0][3] = 1e-30 * Double(model + 1)
    }
    neuron[0][1][0] = 0
  }

  func sums() throws -> [MaskFisherSums] {
    try head.indices.map { model in
      try MaskFisherSums(
        model: "model\(model)", layers: layers, heads: heads, neurons: neurons,
        headSums: head[model].flatMap { $0 }, neuronSums: neuron[model].flatMap { $0 }, exampleCount: counts[model])
    }
  }

  func coefficients() throws -> Coefficients { try Coefficients(lambda, models: names(lambda.count)) }

  /// Rows and columns of the tensor at a site.
  func shape(_ site: Site) -> (rows: Int, columns: Int) {
    switch site {
    case .embeddings: (11, hidden)
    case .pooler: (hidden, hidden)
    case .layer(_, .attentionNorm, _), .layer(_, .outputNorm, _): (hidden, 1)
    case .layer(_, .intermediate, .weight): (neurons, hidden)
    case .layer(_, .intermediate, .bias): (neurons, 1)
    case .layer(_, .output, .weight): (hidden, neurons)
    case .layer(_, _, .weight): (hidden, hidden)
    case .layer(_, _, .bias): (hidden, 1)
    }
  }

  var sites: [Site] {
    var sites: [Site] = [.embeddings, .pooler]
    for layer in 0..<layers {
      for component in Site.Part.allCases {
        for parameter in [Parameter.Kind.weight, .bias] { sites.append(.layer(layer, component, parameter)) }
      }
    }
    return sites
  }

  /// Σ_j w_j θ_j / Σ_j w_j of one entry.
  func merged(
    _ rule: MaskFisherRule, _ site: Site, row: Int, column: Int, sources: [Float]
  ) -> Float {
    var numerator = 0.0
    var denominator = 0.0
    for model in head.indices {
      let weight = lambda[model] * statistic(rule, site, model, row: row, column: column)
      numerator += weight * Double(sources[model])
      denominator += weight
    }
    if denominator == 0 {
      for model in head.indices {
        numerator += lambda[model] * Double(sources[model])
        denominator += lambda[model]
      }
    }
    return Float(numerator / denominator)
  }

  private func statistic(_ rule: MaskFisherRule, _ site: Site, _ model: Int, row: Int, column: Int) -> Double {
    var headMean = [0.0, 0.0]
    var neuronMean = [0.0, 0.0]
    var u = 0.0
    for layer in 0..<layers {
      for h in 0..<heads { headMean[layer] += fisher(head[model], model, layer, h) / Double(heads) }
      for j in 0..<neurons { neuronMean[layer] += fisher(neuron[model], model, layer, j) / Double(neurons) }
      u += (headMean[layer] + neuronMean[layer]) / Double(layers)
    }
    let scale = rule.normalize == .model ? u : 1
    guard case .layer(let layer, let component, let parameter) = site else { return u / scale }
    let byRowHead = fisher(head[model], model, layer, component == .intermediate ? 0 : min(row / headSize, heads - 1))
    switch (component, rule.rule, parameter) {
    case (.query, _, _), (.key, _, _): return byRowHead / scale
    case (.value, .structural, _): return byRowHead / scale
    case (.attentionOutput, .structural, .weight): return fisher(head[model], model, layer, column / headSize) / scale
    case (.value, .paper, _), (.attentionOutput, _, _), (.attentionNorm, _, _): return headMean[layer] / scale
    case (.intermediate, _, _): return fisher(neuron[model], model, layer, row) / scale
    case (.output, .structural, .weight): return fisher(neuron[model], model, layer, column) / scale
    case (.output, _, _), (.outputNorm, _, _): return neuronMean[layer] / scale
    }
  }

  /// The mean Fisher of one mask; noise is zero.
  private func fisher(_ sums: [[Double]], _ model: Int, _ layer: Int, _ index: Int) -> Double {
    var largest = 0.0
    for row in sums { for value in row { largest = max(largest, value) } }
    let value = sums[layer][index]
    return value < 1e-12 * largest ? 0 : value / Double(counts[model])
  }
}
