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
      let isNorm = [.embeddingNorm, .attentionNorm, .outputNorm].contains(parameter.component)
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
  /// no token types, narrower tables, other activations.
  package static func small(_ family: String) -> EncoderConfiguration {
    var c = small
    c.modelType = family
    switch family {
    case "roberta": (c.positionPadding, c.positions, c.activation) = (3, 16, .geluTanh)
    case "distilbert": (c.tokenTypes, c.activation) = (0, .silu)
    case "electra": c.embedding = 7
    default: break
    }
    return c
  }

  /// Those families of which ``small(_:)`` has something of their own.
  package static var families: [String] { ["bert", "roberta", "distilbert", "electra"] }

  /// Ragged examples: lengths 5, 1, 9 and 2, with repeated tokens and both token types.
  package static var batch: TokenBatch {
    let lengths = [5, 1, 9, 2]
    let count = lengths.reduce(0, +)
    return TokenBatch(
      tokens: (0..<count).map { Int32(($0 * 7 + $0 / 3) % 11) }, types: (0..<count).map { Int32($0 % 3 == 0 ? 1 : 0) },
      segments: Segments(offsets: lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }))
  }
}
