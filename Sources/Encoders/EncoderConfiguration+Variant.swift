import LinearAlgebra

extension EncoderConfiguration {
  /// What a family computes in more than one way, beside the sizes. The defaults are what BERT computes.
  package struct Variant: Sendable, Hashable, Codable {
    /// Nil where each layer has parameters of its own.
    package var sharing: LayerSharing?
    /// Whether there is a table of absolute positions.
    package var hasPositions = true
    /// Nil where scores do not depend on relative positions by a table of vectors.
    package var disentangled: Disentangled?
    /// What scores are divided by is √(this · d).
    package var scoreTerms = 1
    /// Nil where queries and keys are not turned by their positions.
    package var rotary: Rotary?
    /// Nil where there is none behind the first layer.
    package var convolution: Convolution?
    /// Whether the linear layers of the attention, of the feed-forward part and of the head's first layer, and the
    /// LayerNorms, have a bias.
    package var attentionBias = true
    package var feedForwardBias = true
    package var headBias = true
    package var normBias = true
    /// Behind the head's first layer, where the configuration says it.
    package var headActivation: Activation?
    /// Whether the head reads the mean of an example's vectors instead of the first.
    package var poolsMean = false

    package init() {}

    /// Whether an encoder of these sizes can compute so; for variants that were not read from a `config.json`.
    package func isPossible(_ c: EncoderConfiguration) -> Bool {
      let sizes = 1...EncoderConfiguration.largestSize
      if let sharing {
        guard (1...c.layers).contains(sharing.groups), (1...EncoderConfiguration.largestDepth).contains(sharing.inner),
          c.layers * sharing.inner <= EncoderConfiguration.largestDepth
        else { return false }
      }
      if let disentangled {
        guard sizes.contains(disentangled.farthest), disentangled.buckets.map({ sizes.contains($0 / 2) }) ?? true,
          disentangled.contentToPosition || disentangled.positionToContent
        else { return false }
      }
      if let rotary {
        guard rotary.isLocal.count == c.layers, rotary.window >= 0, rotary.globalTheta > 0, rotary.localTheta > 0,
          c.hidden.isMultiple(of: 2 * c.heads)
        else { return false }
      }
      if let convolution {
        guard sizes.contains(convolution.taps), convolution.taps % 2 == 1, sizes.contains(convolution.groups),
          c.hidden.isMultiple(of: convolution.groups)
        else { return false }
      }
      return (1...3).contains(scoreTerms)
    }
  }

  /// Layers that share parameters: `layers` steps, each of which runs all `inner` layers of its group, one after the
  /// other. The steps are dealt out to the groups in order, as evenly as possible.
  package struct LayerSharing: Sendable, Hashable, Codable {
    package var groups: Int
    package var inner: Int

    package init(groups: Int, inner: Int) {
      self.groups = groups
      self.inner = inner
    }
  }

  /// Attention to relative positions by a table of vectors (He et al. 2021, arXiv 2006.03654, section 3.1).
  package struct Disentangled: Sendable, Hashable, Codable {
    /// How many buckets distances are put into, for each sign; nil for distances as they are, up to ``farthest``.
    package var buckets: Int?
    /// M, beyond which distances are not told apart.
    package var farthest: Int
    /// Whether queries look at positions, and positions at keys: at least one.
    package var contentToPosition: Bool
    package var positionToContent: Bool
    /// Whether positions go through the tokens' query and key layers instead of their own.
    package var sharesProjections: Bool
    package var normalizesTable: Bool

    package init(
      buckets: Int?, farthest: Int, contentToPosition: Bool, positionToContent: Bool, sharesProjections: Bool,
      normalizesTable: Bool
    ) {
      self.buckets = buckets
      self.farthest = farthest
      self.contentToPosition = contentToPosition
      self.positionToContent = positionToContent
      self.sharesProjections = sharesProjections
      self.normalizesTable = normalizesTable
    }

    /// Distances from −span to span − 1 have a row each.
    package var span: Int { buckets ?? farthest }
    /// How many products with positions there are.
    package var terms: Int { (contentToPosition ? 1 : 0) + (positionToContent ? 1 : 0) }
  }

  /// Queries and keys that are turned by their positions, with layers that look at their neighbourhood only.
  package struct Rotary: Sendable, Hashable, Codable {
    /// θ of the layers that see all tokens, and of the others.
    package var globalTheta: Double
    package var localTheta: Double
    /// w: a local layer's query i sees the keys j with |i − j| ≤ w.
    package var window: Int
    /// Of each layer.
    package var isLocal: [Bool]

    package init(globalTheta: Double, localTheta: Double, window: Int, isLocal: [Bool]) {
      self.globalTheta = globalTheta
      self.localTheta = localTheta
      self.window = window
      self.isLocal = isLocal
    }
  }

  /// A convolution along the tokens.
  package struct Convolution: Sendable, Hashable, Codable {
    /// Odd.
    package var taps: Int
    package var groups: Int
    package var activation: Activation

    package init(taps: Int, groups: Int, activation: Activation) {
      self.taps = taps
      self.groups = groups
      self.activation = activation
    }
  }
}

/// A layer as its parameters know it: layers that share all parameters have one place.
package struct LayerPlace: Sendable, Hashable {
  /// Among the layers with parameters of their own.
  package let number: Int
  /// Of all layers that the data flow through, those that are here; counted from 0.
  package let uses: [Int]
  /// What stands for `{layer}`, or for `{group}` and `{inner}`, in the names of tensors.
  let names: [String: Int]
}

extension EncoderConfiguration {
  /// How many layers the data flow through, one after the other.
  package var depth: Int { layers * (variant.sharing?.inner ?? 1) }

  /// The layers with parameters of their own, in the order in which the data reach them first.
  package var layerPlaces: [LayerPlace] {
    guard let sharing = variant.sharing else {
      return (0..<layers).map { LayerPlace(number: $0, uses: [$0], names: ["layer": $0]) }
    }
    // The division is transformers' own, in double.
    let stepsPerGroup = Double(layers) / Double(sharing.groups)
    let groups = (0..<layers).map { Int(Double($0) / stepsPerGroup) }
    return (0..<sharing.groups * sharing.inner).map { number in
      let (group, inner) = number.quotientAndRemainder(dividingBy: sharing.inner)
      return LayerPlace(
        number: number, uses: groups.indices.filter { groups[$0] == group }.map { $0 * sharing.inner + inner },
        names: ["group": group, "inner": inner])
    }
  }

  /// The layers whose parameters are known together: each alone; or all of one group, where they share parameters.
  package var layerGroups: [(uses: Range<Int>, numbers: [Int])] {
    guard let sharing = variant.sharing else { return (0..<layers).map { ($0..<$0 + 1, [$0]) } }
    let places = layerPlaces
    return (0..<sharing.groups).compactMap { group in
      let own = places[group * sharing.inner..<(group + 1) * sharing.inner]
      let uses = own.flatMap(\.uses)
      guard let first = uses.min(), let last = uses.max() else { return nil }
      return (first..<last + 1, own.map(\.number))
    }
  }

  /// Whether the feed-forward parts have a gate.
  package var isGated: Bool {
    Family.named(modelType)?.layer.contains {
      if case .feedForward(let form) = $0.block { form.isGated } else { false }
    } ?? false
  }

  /// Whether LayerNorms stand before the blocks.
  package var normsBeforeBlocks: Bool { Family.named(modelType)?.layer.contains { $0.order != .normAfterSum } ?? false }

  /// w of a layer that looks at its neighbourhood only; nil for one that sees all tokens.
  package func window(ofLayer number: Int) -> Int? {
    guard let rotary = variant.rotary, rotary.isLocal[number] else { return nil }
    return rotary.window
  }
}
