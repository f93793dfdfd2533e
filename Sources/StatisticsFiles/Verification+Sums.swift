import Estimation

/// What sums over examples can be. Each check is nil for a file that has no such tensor.
extension Verification {
  /// Sums of squares, traces and second moments are not negative.
  func nonNegative() throws -> Check? {
    let own = tensors.filter(\.isNonNegative)
    for tensor in own {
      try forEachPiece(tensor.name) { start, values in
        if let index = values.buffer.firstIndex(where: { $0 < 0 }) {
          throw implausible(
            tensor.name,
            "the value \(values[index]) at entry \(start + index) is negative; sums of squares and counts are not")
        }
      }
    }
    return own.isEmpty ? nil : Check(name: "squares", detail: "no sum of squares is negative")
  }

  /// What the loss does not depend on has a Fisher of exactly 0.
  func zeros() throws -> Check? {
    let own = tensors.filter { $0.role == .zeros }
    for tensor in own {
      try forEachPiece(tensor.name) { start, values in
        if let index = values.buffer.firstIndex(where: { $0 != 0 }) {
          throw implausible(
            tensor.name,
            "the value \(values[index]) at entry \(start + index) is not 0, but the loss does not depend "
              + "on this parameter"
          )
        }
      }
    }
    return own.isEmpty
      ? nil : Check(name: "zeros", detail: "\(own.count) parameters without effect have a Fisher of exactly 0")
  }

  /// The traces that are kept apart are those of the tensors.
  ///
  /// - Parameter totals: the sums of tensors that were summed already.
  func traces(_ totals: [String: Double] = [:]) throws -> Check? {
    var count = 0
    for tensor in tensors {
      guard case .trace(let name) = tensor.role else { continue }
      let total = try trace(of: name, totals)
      let trace = try statistics.values(tensor.name, count: 1)[0]
      guard abs(trace - total) <= Self.tolerance * max(abs(trace), abs(total)) else {
        throw implausible(name, "its trace is \(total), but \(trace) is in \(tensor.name)")
      }
      count += 1
    }
    return count == 0
      ? nil : Check(name: "traces", detail: "\(count) tensors have the traces that are kept beside them")
  }

  private func trace(of name: String, _ totals: [String: Double]) throws -> Double {
    if let gram = gram(name) { return try diagonal(gram).reduce(0, +) }
    if let total = totals[name] { return total }
    var total = 0.0
    try forEachPiece(name) { _, values in total = values.buffer.reduce(total, +) }
    return total
  }

  /// s²/N ≤ Σ f² ≤ s² for s = Σ f of N numbers that are not negative.
  func secondMoments() throws -> Check? {
    let n = Double(description.examples)
    var count = 0
    for tensor in tensors {
      guard case .secondMoment(let summed) = tensor.role else { continue }
      let sums = try statistics.values(summed, count: tensor.count)
      let squares = try statistics.values(tensor.name, count: tensor.count)
      // Moments have a few digits less than sums, and one unit for the whole tensor.
      let room = Self.tolerance * (squares.max() ?? 0)
      for (index, (s, q)) in zip(sums, squares).enumerated() {
        guard q + room >= s * s / n * (1 - Self.tolerance), q <= s * s * (1 + Self.tolerance) + room else {
          throw implausible(
            tensor.name,
            "the value \(q) at entry \(index) is impossible: \(description.examples) numbers with the sum \(s) have "
              + "squares with a sum between \(s * s / n) and \(s * s)")
        }
        count += 1
      }
    }
    return count == 0
      ? nil : Check(name: "second moments", detail: "\(count) numbers are possible beside their sums (Cauchy-Schwarz)")
  }
}
