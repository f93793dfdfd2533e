import Datasets
import Encoders
import Foundation

/// The gradients at the logits whose squares, carried backward, add up to the Fisher of one example.
///
/// With J = ∂z/∂θ, any S [C, columns] with S Sᵀ = Cov(∂ log p / ∂z) gives Σ_s (Jᵀ s)² = E_y[(Jᵀ ∂ log p(y)/∂z)²], entry
/// by entry. All arithmetic is in double: p − 1 of a confident model is lost in float.
///
/// `sketched` takes r columns S ω / √r instead, with vectors ω of independent signs: E[(Jᵀ S ω)²] = Σ_s (Jᵀ s)², since the
/// cross terms have random signs. The relative standard deviation of an entry is at most √(2 / r), whatever the
/// probabilities are.
package enum GradientFactor {
  /// The columns for one example.
  ///
  /// - Parameters:
  ///   - logits: z, [C].
  ///   - row: the example's row in its data file, which with the seed decides sampled labels.
  /// - Returns: S columns of C numbers.
  package static func columns(
    logits: [Double], problem: EncoderConfiguration.Problem, expectation: Expectation, target: Target, seed: UInt64,
    row: Int
  ) throws(EstimationError) -> [[Double]] {
    switch problem {
    case .singleLabel:
      let p = softmax(logits)
      switch expectation {
      case .expected: return expectedFactor(p)
      case .sketched(let draws): return sketch(expectedFactor(p), draws, seed, row)
      case .empirical:
        guard case .label(let label) = target else { throw .missingLabel(row: row) }
        return [score(p, label)]
      case .argmax: return [score(p, largestIndex(p))]
      case .sampled(let draws):
        return (0..<draws).map { draw in
          scaled(score(p, drawnIndex(p, uniform(key(seed, row, UInt64(draw))))), draws)
        }
      }
    case .multiLabel:
      let p = logits.map { 1 / (1 + exp(-$0)) }
      switch expectation {
      case .expected: return expectedFactor(sigmoidsOf: logits)
      case .sketched(let draws): return sketch(expectedFactor(sigmoidsOf: logits), draws, seed, row)
      case .empirical:
        guard case .labels(let labels) = target else { throw .missingLabel(row: row) }
        return [score(logits, labels)]
      case .argmax: return [score(logits, p.map { $0 >= 0.5 })]
      case .sampled(let draws):
        return (0..<draws).map { draw in
          let key = key(seed, row, UInt64(draw))
          let labels = p.indices.map { p[$0] > uniform(SplitMix64.mix(key ^ UInt64($0))) }
          return scaled(score(logits, labels), draws)
        }
      }
    case .regression:
      switch expectation {
      case .expected: return identity(logits.count)
      case .sketched(let draws): return sketch(identity(logits.count), draws, seed, row)
      case .empirical:
        let values: [Double]
        switch target {
        case .value(let value): values = [value]
        case .values(let several): values = several
        default: throw .missingLabel(row: row)
        }
        guard values.count == logits.count else { throw .missingLabel(row: row) }
        return [zip(values, logits).map { $0 - $1 }]
      case .argmax: throw .undefinedForRegression
      case .sampled(let draws):
        return (0..<draws).map { draw in
          scaled(logits.indices.map { gaussian(seed, row, UInt64(draw), output: UInt64($0)) }, draws)
        }
      }
    }
  }

  /// softmax(z), shifted by the largest logit.
  static func softmax(_ z: [Double]) -> [Double] {
    let top = z.max() ?? 0
    let e = z.map { exp($0 - top) }
    let total = e.reduce(0, +)
    return e.map { $0 / total }
  }

  /// ∂ log p(label) / ∂z = e_label − p; the label's own entry as the sum of the others, so that nothing cancels.
  static func score(_ p: [Double], _ label: Int) -> [Double] {
    var gradient = p.map { -$0 }
    gradient[label] = p.indices.reduce(0) { $1 == label ? $0 : $0 + p[$1] }
    return gradient
  }

  /// ∂ Σ_c log p(y_c) / ∂z = y − p for independent sigmoids; 1 − p(z) is p(−z), so that nothing cancels.
  static func score(_ logits: [Double], _ labels: [Bool]) -> [Double] {
    zip(logits, labels).map { $1 ? 1 / (1 + exp($0)) : -1 / (1 + exp(-$0)) }
  }

  /// S of rank C − 1 with S Sᵀ = diag(p) − p pᵀ: with k = argmax p and the Householder reflection that takes √p to
  /// −e_k, diag(√p)(I − 2 v vᵀ) has −p as column k, and the other columns are S.
  ///
  /// 2 v_i v_j = (√p_i + δ_ik)(√p_j + δ_jk) / (1 + √p_k): no difference of nearly equal numbers occurs, unlike in a
  /// Cholesky factor.
  static func expectedFactor(_ p: [Double]) -> [[Double]] {
    let k = largestIndex(p)
    let root = p.map { $0.squareRoot() }
    let denominator = 1 + root[k]
    return p.indices.filter { $0 != k }.map { j in
      p.indices.map { i in
        let reflected = (root[i] + (i == k ? 1 : 0)) * root[j] / denominator
        return root[i] * ((i == j ? 1 : 0) - reflected)
      }
    }
  }

  /// S of independent sigmoids: diag(√(p (1 − p))), from the logits, so that a confident output does not cancel.
  static func expectedFactor(sigmoidsOf logits: [Double]) -> [[Double]] {
    logits.indices.map { index in
      var column = [Double](repeating: 0, count: logits.count)
      column[index] = 1 / (exp(logits[index] / 2) + exp(-logits[index] / 2))
      return column
    }
  }

  /// S of normal distributions of unit variance, one for each output.
  private static func identity(_ count: Int) -> [[Double]] {
    (0..<count).map { output in (0..<count).map { $0 == output ? 1 : 0 } }
  }

  /// S ω / √r for r vectors of signs, which (seed, row, draw, column of S) decide; S itself where it has no more columns
  /// than that.
  private static func sketch(_ factor: [[Double]], _ draws: Int, _ seed: UInt64, _ row: Int) -> [[Double]] {
    guard factor.count > draws, let outputs = factor.first?.count else { return factor }
    return (0..<draws).map { draw in
      let key = key(seed, row, UInt64(draw))
      var sum = [Double](repeating: 0, count: outputs)
      for (index, column) in factor.enumerated() {
        let isNegative = SplitMix64.mix(key ^ UInt64(index)) >> 63 == 1
        for output in sum.indices { sum[output] += isNegative ? -column[output] : column[output] }
      }
      return scaled(sum, draws)
    }
  }

  /// The first index of the largest entry.
  static func largestIndex(_ p: [Double]) -> Int { p.indices.reduce(0) { p[$1] > p[$0] ? $1 : $0 } }

  /// The smallest class whose cumulative probability exceeds u.
  static func drawnIndex(_ p: [Double], _ u: Double) -> Int {
    var total = 0.0
    for index in p.indices {
      total += p[index]
      if total > u { return index }
    }
    return p.count - 1
  }

  /// 64 random bits from (seed, row, draw) alone, so that neither ranks nor blocks can change them.
  static func key(_ seed: UInt64, _ row: Int, _ draw: UInt64) -> UInt64 {
    SplitMix64.mix(SplitMix64.mix(SplitMix64.mix(seed) ^ UInt64(row)) ^ draw)
  }

  /// A number in [0, 1) from the upper 53 of 64 random bits.
  static func uniform(_ bits: UInt64) -> Double { Double(bits >> 11) * 0x1p-53 }

  /// A standard normal number by Box and Muller's transform of two uniform ones; another for each output.
  static func gaussian(_ seed: UInt64, _ row: Int, _ draw: UInt64, output: UInt64 = 0) -> Double {
    func bits(_ draw: UInt64) -> UInt64 {
      let key = key(seed, row, draw)
      return output == 0 ? key : SplitMix64.mix(key ^ output)
    }
    let u = 1 - uniform(bits(2 * draw))
    return (-2 * log(u)).squareRoot() * cos(2 * .pi * uniform(bits(2 * draw + 1)))
  }

  /// The mean over the draws as a sum of squares: each column divided by √draws.
  private static func scaled(_ column: [Double], _ draws: Int) -> [Double] {
    let root = Double(draws).squareRoot()
    return column.map { $0 / root }
  }
}
