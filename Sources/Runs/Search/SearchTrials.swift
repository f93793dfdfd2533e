import Datasets
import Foundation

/// The coefficients that a search tries.
package enum SearchTrials {
  /// For two models an even grid from (0, 1) to (1, 0); for more, equal coefficients and then draws from Dirichlet(1), which are
  /// uniform over all λ ≥ 0 with sum 1.
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
      return (0..<count).map { step in
        let first = Double(step) / Double(count - 1)
        return [first, 1 - first]
      }
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

  /// The trial with the highest mean score; of equal ones the nearest to equal coefficients, then the first. Nil where no trial
  /// has a mean.
  package static func best(_ means: [Double?], _ coefficients: [[Double]]) -> Int? {
    func distance(_ trial: Int) -> Double {
      let equal = 1 / Double(coefficients[trial].count)
      return coefficients[trial].reduce(0) { $0 + ($1 - equal) * ($1 - equal) }
    }
    let known = means.indices.filter { means[$0] != nil }
    return known.min { (-(means[$0] ?? 0), distance($0), $0) < (-(means[$1] ?? 0), distance($1), $1) }
  }
}
