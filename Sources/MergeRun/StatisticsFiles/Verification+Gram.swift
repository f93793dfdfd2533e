import Parameters
import Encoders
import Estimation
import LinearAlgebra

/// Gram matrices: symmetric by the packing, since an entry and its mirror image are one number; so what remains to be
/// seen is whether they can be sums of x xᵀ.
extension Verification {
  /// The products of one example are made in single precision.
  private static let productTolerance = 1e-5

  /// Σ x_i² of a site by its name.
  func diagonal(_ name: String) throws -> [Double] {
    guard let site = description.gramSites.first(where: { $0.name == name }) else { return [] }
    let n = site.inputs
    let entry = Buffer<Double>(count: 1)
    return try (0..<n).map { i in
      let offset = PackedTriangle(order: n).index(i, i)
      try statistics.read(name, offset..<offset + 1, into: entry.vector)
      return entry.vector[0]
    }
  }

  func diagonals() throws -> Check {
    var zeros = 0
    for site in description.gramSites {
      for (i, value) in try diagonal(site.name).enumerated() {
        guard value >= 0 else {
          throw implausible(site.name, "the diagonal entry \(i) is \(value); squares are not negative")
        }
        if value == 0 { zeros += 1 }
      }
    }
    let inputs = zeros == 0 ? "" : "; \(zeros) inputs are always 0"
    return Check(
      name: "diagonals", detail: "the diagonals of \(description.gramSites.count) Gram matrices are positive\(inputs)")
  }

  /// |G_ij| ≤ √(G_ii G_jj), all entries.
  func offDiagonals() throws -> Check {
    var count = 0
    for site in description.gramSites {
      let n = site.inputs
      let norms = try diagonal(site.name).map { $0.squareRoot() * (1 + Self.productTolerance).squareRoot() }
      var (i, j) = (0, 0)
      try forEachPiece(site.name) { _, values in
        for value in values.buffer {
          guard abs(value) <= norms[i] * norms[j] else {
            throw implausible(
              site.name,
              "the entry (\(i), \(j)) is \(value), above √(G_ii G_jj) = \(norms[i] * norms[j]): no sum of x xᵀ has it")
          }
          j += 1
          if j == n {
            i += 1
            j = i
          }
        }
        count += values.count
      }
    }
    return Check(
      name: "Gram matrices",
      detail: "\(count) entries are at most √(G_ii G_jj) in size; symmetric, since only a triangle is stored")
  }

  /// (Σ x_i)² ≤ rows · Σ x_i².
  func rowSums() throws -> Check {
    for site in description.gramSites {
      let rows = Double(statistics.rows(of: site))
      let squares = try diagonal(site.name)
      for (i, sum) in try statistics.values(site.sumName, count: site.inputs).enumerated() {
        guard sum * sum <= rows * squares[i] * (1 + Self.productTolerance) else {
          throw implausible(
            site.sumName, "the entry \(i) is \(sum): its square is above \(Int(rows)) rows times G_ii = \(squares[i])")
        }
      }
    }
    return Check(name: "row sums", detail: "Σ x of every input is possible beside Σ x²")
  }
}
