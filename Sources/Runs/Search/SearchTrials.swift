import Datasets
import Foundation

/// The coefficients that a search tries.
package enum SearchTrials {
  /// For two models an even grid from (0, 1) to (1, 0), and equal coefficients where the grid has none; for more, equal
  /// coefficients and then draws from Dirichlet(1), which are uniform over all λ ≥ 0 with sum 1.
  ///
  /// Source: Matena & Raffel 2021 (arXiv 2111.09832), section 4: 51 grid points for pairs; random search for more.
  ///
  /// - Parameters:
  ///   - models: at least two.
  ///   - count: the number of grid points or draws, at least 2.
  ///   - seed: decides the draws.
  /// - Returns: [trial][model], each with sum 1.
  package static func coefficients(models: Int, count: Int, seed: UInt64) -> [[Double]] {
    guard models > 2 else {
      let grid = (0..<count).map { step in
        let first = Double(step) / Double(count - 1)
        return [first, 1 - first]
      }
      return count.isMultiple(of: 2) ? grid + [[0.5, 0.5]] : grid
    }
    let equal = [Double](repeating: 1 / Double(models), count: models)
    return [equal]
      + (0..<count).map { trial in
        // −log of uniform numbers are exponential ones; divided by their sum they are Dirichlet(1).
        let draws = (0..<models).map { model in
          let key = SplitMix64.mix(SplitMix64.mix(SplitMix64.mix(seed) ^ UInt64(trial)) ^ UInt64(model))
          return -log(1 - Double(key >> 11) * 0x1p-53)
        }
        let sum = draws.reduce(0, +)
        return draws.map { $0 / sum }
      }
  }

  /// The trial with the highest mean score; of equal ones the nearest to equal coefficients, then the first.
  package static func best(_ means: [Double], _ coefficients: [[Double]]) -> Int {
    means.indices.min {
      (-means[$0], distance(coefficients[$0]), $0) < (-means[$1], distance(coefficients[$1]), $1)
    } ?? 0
  }

  /// The trial with the most equal coefficients, of which there is always one.
  package static func equal(_ coefficients: [[Double]]) -> Int {
    coefficients.indices.min { distance(coefficients[$0]) < distance(coefficients[$1]) } ?? 0
  }

  /// Σ (λ − 1/K)².
  private static func distance(_ coefficients: [Double]) -> Double {
    let equal = 1 / Double(coefficients.count)
    return coefficients.reduce(0) { $0 + ($1 - equal) * ($1 - equal) }
  }
}
