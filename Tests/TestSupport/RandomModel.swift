import Parameters
import Encoders
import LinearAlgebra

/// A small model with random weights from a fixed seed, whose weights a test can change one by one.
package final class RandomModel<Scalar: KernelScalar> {
  package let configuration: EncoderConfiguration
  package private(set) var buffers: [Parameter: Buffer<Scalar>] = [:]
  package let parameters: [Parameter]
  package let weights: EncoderWeights<Scalar>

  package init(_ configuration: EncoderConfiguration, seed: UInt64 = 1) {
    self.configuration = configuration
    guard let family = Family.named(configuration.modelType) else { fatalError("no family") }
    parameters = family.parameters(of: configuration)
    var state = seed
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int64(bitPattern: state) >> 11) * 0x1p-52
    }
    var buffers: [Parameter: Buffer<Scalar>] = [:]
    for parameter in parameters {
      let buffer = Buffer<Scalar>(count: parameter.count)
      let isNorm = parameter.component.isNorm
      for index in 0..<buffer.count {
        buffer.vector[index] = Scalar(Float(next() * 0.7 + (isNorm && parameter.kind == .weight ? 1 : 0)))
      }
      buffers[parameter] = buffer
    }
    self.buffers = buffers
    weights = EncoderWeights(
      family: family, configuration: configuration, owners: Array(buffers.values)
    ) { (parameter) -> Vector<Scalar> in
      guard let buffer = buffers[parameter] else { fatalError("no weights for \(parameter.name)") }
      return buffer.vector
    }
  }

  package static var small: EncoderConfiguration {
    EncoderConfiguration(
      layers: 3, hidden: 12, heads: 3, intermediate: 20, vocabulary: 30, positions: 12, tokenTypes: 2,
      layerNormEpsilon: 1e-5, outputs: 3)
  }

  /// The same of another family, each with something that is its own: positions behind an id that occurs in ``batch``,
  /// no token types, narrower tables, other activations, shared layers, relative positions, windows.
  ///
  /// What follows a slash is another way in which the family computes.
  package static func small(_ name: String) -> EncoderConfiguration {
    var c = small
    let parts = name.split(separator: "/").map(String.init)
    c.modelType = parts[0]
    switch name {
    case "roberta": (c.positionPadding, c.positions, c.activation) = (3, 16, .geluTanh)
    case "distilbert": (c.tokenTypes, c.activation) = (0, .silu)
    case "electra": c.embedding = 7
    case "albert":
      (c.embedding, c.activation) = (7, .geluTanh)
      c.variant.sharing = .init(groups: 2, inner: 2)
    case "albert/one group": c.variant.sharing = .init(groups: 1, inner: 1)
    case "mpnet": (c.positionPadding, c.positions, c.tokenTypes) = (1, 14, 0)
    case "deberta-v2":
      (c.embedding, c.tokenTypes) = (7, 0)
      c.variant.hasPositions = false
      c.variant.convolution = .init(taps: 3, groups: 1, activation: .tanh)
      setDisentangled(&c, buckets: 4, "c2p", "p2c", shares: true, normalizes: true)
    case "deberta-v2/separate": setDisentangled(&c, buckets: nil, "c2p", "p2c", shares: false, normalizes: false)
    case "deberta-v2/c2p":
      c.tokenTypes = 0
      setDisentangled(&c, buckets: 6, "c2p", shares: true, normalizes: false)
      c.variant.convolution = .init(taps: 5, groups: 3, activation: .gelu)
    case "deberta-v2/p2c":
      c.variant.hasPositions = false
      setDisentangled(&c, buckets: 6, "p2c", shares: true, normalizes: true)
    case "deberta-v2/separate c2p": setDisentangled(&c, buckets: 6, "c2p", shares: false, normalizes: true)
    case "deberta-v2/separate p2c": setDisentangled(&c, buckets: 6, "p2c", shares: false, normalizes: true)
    case "deberta-v2/one layer":
      c.layers = 1
      c.variant.convolution = .init(taps: 3, groups: 2, activation: .silu)
      setDisentangled(&c, buckets: 4, "c2p", "p2c", shares: true, normalizes: false)
    case "deberta-v2/absolute":
      c.variant.scoreTerms = 3
      c.variant.headActivation = .tanh
    case "modernbert": setModern(&c, hasBiases: false)
    case "modernbert/mean":
      setModern(&c, hasBiases: true)
      c.variant.poolsMean = true
      c.variant.headActivation = .silu
    default: break
    }
    return c
  }

  private static func setDisentangled(
    _ c: inout EncoderConfiguration, buckets: Int?, _ terms: String..., shares: Bool, normalizes: Bool
  ) {
    c.variant.disentangled = .init(
      buckets: buckets, farthest: buckets == nil ? 4 : 12, contentToPosition: terms.contains("c2p"),
      positionToContent: terms.contains("p2c"), sharesProjections: shares, normalizesTable: normalizes)
    c.variant.scoreTerms = 1 + terms.count
    c.variant.headActivation = .gelu
  }

  private static func setModern(_ c: inout EncoderConfiguration, hasBiases: Bool) {
    c.tokenTypes = 0
    c.variant.hasPositions = false
    (c.variant.attentionBias, c.variant.feedForwardBias) = (hasBiases, hasBiases)
    (c.variant.normBias, c.variant.headBias) = (hasBiases, hasBiases)
    c.variant.headActivation = .gelu
    c.variant.rotary = .init(globalTheta: 90, localTheta: 12, window: 2, isLocal: [false, true, true])
  }

  /// Those families of which ``small(_:)`` has something of their own.
  package static var families: [String] {
    ["bert", "roberta", "distilbert", "electra", "albert", "mpnet", "deberta-v2", "modernbert"]
  }

  /// The same, with the other ways in which some of them compute.
  package static var variants: [String] {
    families + [
      "albert/one group", "deberta-v2/separate", "deberta-v2/c2p", "deberta-v2/p2c", "deberta-v2/separate c2p",
      "deberta-v2/separate p2c", "deberta-v2/one layer", "deberta-v2/absolute", "modernbert/mean",
    ]
  }

  /// Ragged examples: lengths 5, 1, 9 and 2, with repeated tokens and both token types.
  package static var batch: TokenBatch {
    let lengths = [5, 1, 9, 2]
    let count = lengths.reduce(0, +)
    return TokenBatch(
      tokens: (0..<count).map { Int32(($0 * 7 + $0 / 3) % 11) }, types: (0..<count).map { Int32($0 % 3 == 0 ? 1 : 0) },
      segments: Segments(offsets: lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }))
  }
}
