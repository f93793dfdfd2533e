import Estimation
import LinearAlgebra

extension Verification {
  /// Throws where the sums cannot be what the file says, by the checks of ``run(model:report:)`` but the hash: for
  /// whoever is going to use them. One pass over sums of squares, and one more over Gram matrices, sketches and
  /// counts.
  package func requirePlausible() throws {
    _ = try counts()
    var totals: [String: Double] = [:]
    for tensor in tensors {
      var (total, least, greatest) = (0.0, Double.infinity, -Double.infinity)
      try forEachPiece(tensor.name) { _, values in
        let piece = range(values)
        total += piece.sum
        (least, greatest) = (min(least, piece.least), max(greatest, piece.greatest))
      }
      // The check that it fails has the words for it.
      if !total.isFinite {
        _ = try finite()
        throw implausible(tensor.name, "its entries are so large that their sum is infinite")
      }
      if tensor.isNonNegative, least < 0 { _ = try nonNegative() }
      if tensor.role == .zeros, least != 0 || greatest != 0 { _ = try zeros() }
      totals[tensor.name] = total
    }
    _ = try traces(totals)
    for check in [secondMoments, diagonals, offDiagonals, inputSums, tokenCounts, outputSketches] { _ = try check() }
  }
}
