import Encoders
import Foundation
import Parameters

/// The floating-point operations that a statistic needs of some examples, whoever computes it: products of real tokens
/// only, with the last layer's work on the first token alone where nothing else reaches the head, and of a window only
/// the pairs of tokens inside it.
package struct UsefulWork: Sendable {
  let configuration: EncoderConfiguration
  /// Tokens of each example of each block.
  let blocks: [[Int]]

  package init(_ configuration: EncoderConfiguration, blocks: [[Int]]) {
    self.configuration = configuration
    self.blocks = blocks
  }

  /// - Parameter lengths: tokens of each example, of one block.
  package init(_ configuration: EncoderConfiguration, lengths: [Int]) { self.init(configuration, blocks: [lengths]) }

  /// One forward pass, in operations (a multiplication and an addition are two).
  ///
  /// With T tokens in N examples of t tokens, per layer but the last 2 T (4 d² + m d I) + 4 d P: Q, K, V, O, the m
  /// feed-forward matrices (two, or three with a gate), scores and context of the P = Σ t² pairs of tokens, or of those
  /// inside the window. Of the last layer K and V for all tokens, 4 T d², and for each [CLS] Q and O, 4 d², the
  /// feed-forward products, 2 m d I, scores and context, 4 d t; all of it as in the others where the head reads the mean.
  /// Then pooler and classifier, 2 d² + 2 d C. For BERT this is W of docs/performance.md, which leaves out the [CLS] rows'
  /// attention and the head.
  ///
  /// Beside these the projection of the embeddings, 2 T d E; the convolution, 2 R d² taps / groups of the R rows of the
  /// first layer; and with a table of relative positions, in each layer, its n rows that a block's distances lead to
  /// through their linear layers, 2 n d² each, and products of an example's queries, and of its keys, with its own of
  /// these rows.
  package var forward: Double {
    let layers = (0..<configuration.depth).reduce(0.0) { work, layer in
      work + tokens * 4 * d * d + rows(layer) * (4 * d * d + feedForward) + 2 * attention(layer) + positions(layer)
        + tableProjections
    }
    return projection + layers + convolution + head
  }

  /// The gradients at all masks of one column, backward from the logits.
  ///
  /// As ``forward``, but attention takes four products instead of two (of probabilities, values, queries and keys), and
  /// the lowest layer ends at its head mask: no attention, Q, K or V, and nothing below. The table's linear layers and the
  /// convolution, of the encoder's input, have no mask below them.
  package var backwardToMasks: Double {
    (0..<configuration.depth).reduce(head) { work, layer in
      let toMask = rows(layer) * (2 * d * d + feedForward)
      guard layer > 0 else { return work + toMask }
      return work + toMask + rows(layer) * 2 * d * d + tokens * 4 * d * d + 4 * attention(layer) + positions(layer)
    }
  }

  /// The mask Fisher: one forward pass and a backward pass to the masks for each column (C − 1 of them for the
  /// expectation over C classes).
  package func maskFisher(columns: Int) -> Double { forward + Double(columns) * backwardToMasks }

  private var d: Double { Double(configuration.hidden) }
  private var lengths: [Int] { blocks.flatMap(\.self) }
  private var tokens: Double { Double(lengths.reduce(0, +)) }
  private var examples: Double { Double(lengths.count) }

  /// Whether a layer has one row for each example behind its keys and values.
  private func isSingle(_ layer: Int) -> Bool { layer == configuration.depth - 1 && !configuration.variant.poolsMean }
  private func rows(_ layer: Int) -> Double { isSingle(layer) ? examples : tokens }
  /// Of one row.
  private var feedForward: Double { (configuration.isGated ? 6 : 4) * d * Double(configuration.intermediate) }
  private var head: Double { examples * (2 * d * d + 2 * d * Double(configuration.outputs)) }

  /// One of the products of all heads that have a vector for each pair of tokens.
  private func attention(_ layer: Int) -> Double {
    let window = configuration.window(ofLayer: layer) ?? Int.max - 1
    return lengths.reduce(0) { work, length in
      let reach = min(window, length - 1)
      // As many on the left as on the right of all queries.
      let pairs = isSingle(layer) ? reach + 1 : length + 2 * reach * length - reach * (reach + 1)
      return work + 2 * d * Double(pairs)
    }
  }

  /// Queries and keys with the rows of the table of relative positions.
  private func positions(_ layer: Int) -> Double {
    guard let table = configuration.variant.disentangled else { return 0 }
    return lengths.reduce(0) { work, length in
      let queries = isSingle(layer) ? 1 : length
      let looking = (table.contentToPosition ? queries : 0) + (table.positionToContent ? length : 0)
      return work + 2 * d * Double(looking * table.rows(queries: queries, keys: length))
    }
  }

  /// Of one layer, once for each block.
  private var tableProjections: Double {
    guard let table = configuration.variant.disentangled else { return 0 }
    return blocks.reduce(0) { work, lengths in
      let longest = lengths.max() ?? 1
      return work + Double(table.terms * table.rows(queries: longest, keys: longest)) * 2 * d * d
    }
  }

  private var projection: Double {
    let has = ModelLayout(of: configuration).parameters.contains { $0.component == .embeddingProjection }
    return has ? 2 * tokens * d * Double(configuration.embedding) : 0
  }

  /// The first layer's rows are those of the last where there is no other.
  private var convolution: Double {
    guard let convolution = configuration.variant.convolution else { return 0 }
    return rows(0) * 2 * d * d * Double(convolution.taps) / Double(convolution.groups)
  }
}

extension EncoderConfiguration.Disentangled {
  /// How many rows of the table the distances of so many queries and keys lead to: from the one of the last key seen by
  /// the first query to that of the first key seen by the last query.
  func rows(queries: Int, keys: Int) -> Int { row(queries - 1) - row(1 - keys) + 1 }

  /// He et al. 2021 (arXiv 2006.03654), equation 3; and with buckets the logarithmic steps of the library's v2.
  private func row(_ distance: Int) -> Int {
    var step = abs(distance)
    if let buckets, step > buckets / 2 {
      let near = buckets / 2
      let far = log(Float(step) / Float(near)) / log(Float(Double(farthest - 1) / Double(near)))
      step = near + Int((far * Float(near - 1)).rounded(.up))
    }
    return max(-span, min(span - 1, step * distance.signum()))
  }
}
