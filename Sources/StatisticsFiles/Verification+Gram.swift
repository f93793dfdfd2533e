import Estimation
import LinearAlgebra

/// Gram matrices: symmetric by the packing, since an entry and its mirror image are one number; so what remains to be
/// seen is whether they can be sums of x xᵀ. Each check is nil for a file that has none.
extension Verification {
  /// A packed triangle.
  struct Gram {
    let name: String
    /// n, the number of inputs.
    let order: Int
    let rows: SummedRows
  }

  /// The products of one example are made in single precision.
  static let productTolerance = 1e-5

  private var grams: [Gram] { tensors.compactMap { Gram($0) } }

  /// The triangle of a name; nil for what is none.
  func gram(_ name: String) -> Gram? { tensors.first { $0.name == name }.flatMap { Gram($0) } }

  /// Σ x_i², [n].
  func diagonal(_ gram: Gram) throws -> [Double] {
    let entry = Buffer<Double>(count: 1)
    return try (0..<gram.order).map { i in
      let offset = PackedTriangle(order: gram.order).index(i, i)
      try statistics.read(gram.name, offset..<offset + 1, into: entry.vector)
      return entry.vector[0]
    }
  }

  func diagonals() throws -> Check? {
    let grams = grams
    guard !grams.isEmpty else { return nil }
    var zeros = 0
    for gram in grams {
      for (i, value) in try diagonal(gram).enumerated() {
        guard value >= 0 else {
          throw implausible(gram.name, "the diagonal entry \(i) is \(value); squares are not negative")
        }
        if value == 0 { zeros += 1 }
      }
    }
    let inputs = zeros == 0 ? "" : "; \(zeros) inputs are always 0"
    return Check(name: "diagonals", detail: "the diagonals of \(grams.count) Gram matrices are positive\(inputs)")
  }

  /// The most that each of G_ii can be, [n]: what stands there, what its rounding hides of it, and the error that an
  /// entry of a sum has against the largest. An input that is hardly ever active has 0 there, and yet products with
  /// others.
  private func bounds(_ gram: Gram) throws -> [Double] {
    let diagonal = try diagonal(gram)
    let hidden = FixedPointSums.promisedError * (diagonal.max() ?? 0)
    return diagonal.map { $0 * (1 + Self.productTolerance) + hidden }
  }

  /// |G_ij| ≤ √(G_ii G_jj), all entries.
  func offDiagonals() throws -> Check? {
    let grams = grams
    guard !grams.isEmpty else { return nil }
    var count = 0
    for gram in grams {
      let n = gram.order
      let norms = try bounds(gram).map { $0.squareRoot() }
      var (i, j) = (0, 0)
      try forEachPiece(gram.name) { _, values in
        for value in values.buffer {
          guard abs(value) <= norms[i] * norms[j] else {
            throw implausible(
              gram.name,
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
  func inputSums() throws -> Check? {
    var count = 0
    for tensor in tensors {
      guard case .inputSums(let name) = tensor.role, let gram = gram(name) else { continue }
      let rows = Double(statistics.count(of: gram.rows))
      let squares = try bounds(gram)
      for (i, sum) in try statistics.values(tensor.name, count: gram.order).enumerated() {
        guard sum * sum <= rows * squares[i] else {
          throw implausible(
            tensor.name, "the entry \(i) is \(sum): its square is above \(Int(rows)) rows times G_ii = \(squares[i])")
        }
      }
      count += 1
    }
    return count == 0 ? nil : Check(name: "row sums", detail: "Σ x of every input is possible beside Σ x²")
  }
}

extension Verification.Gram {
  init?(_ tensor: StatisticTensor) {
    guard case .gram(let order, let rows) = tensor.role else { return nil }
    (name, self.order, self.rows) = (tensor.name, order, rows)
  }
}
