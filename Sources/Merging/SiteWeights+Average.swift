import LinearAlgebra

extension SiteWeights {
  /// θ* = Σ_j w_j θ_j / Σ_j w_j for every entry of one tensor, summed in Double in recipe order, rounded once to Float.
  ///
  /// Every merged entry lies between the least and the greatest of its sources, and where all sources are equal it is
  /// that value bit for bit: the sum in Double is off by a few units of 1e-16, which rounding to Float removes.
  ///
  /// - Parameters:
  ///   - sources: K contiguous matrices of one shape, in recipe order; a tensor of rank 1 is a matrix of one column.
  ///   - target: a contiguous matrix of that shape.
  ///   - tensor: the name for messages.
  ///   - start: where the matrices begin in the tensor, for messages.
  /// - Throws: ``MergingError/countMismatch(subject:what:expected:found:)`` where numbers of models or sizes differ,
  ///   ``MergingError/unevenBlocks(tensor:blocks:extent:)``, ``MergingError/nonFiniteResult(tensor:element:)``.
  package func average(
    _ sources: [Matrix<Float>], into target: Matrix<Float>, tensor: String, start: Int = 0
  ) throws(MergingError) {
    guard sources.count == modelCount else {
      throw .countMismatch(subject: tensor, what: "source tensors", expected: modelCount, found: sources.count)
    }
    for source in sources {
      guard source.rows == target.rows else {
        throw .countMismatch(subject: tensor, what: "rows", expected: target.rows, found: source.rows)
      }
      guard source.columns == target.columns else {
        throw .countMismatch(subject: tensor, what: "columns", expected: target.columns, found: source.columns)
      }
    }
    let extent = axis == .columns ? target.columns : target.rows
    guard axis == .whole || extent.isMultiple(of: blockCount) else {
      throw .unevenBlocks(tensor: tensor, blocks: blockCount, extent: extent)
    }
    switch axis {
    case .whole, .rows: averageBlocks(sources.map(\.elements), target.elements)
    case .columns: averageColumns(sources, target)
    }
    if let element = firstNonFinite(target.elements) {
      throw .nonFiniteResult(tensor: tensor, element: start + element)
    }
  }

  /// A block of whole rows is a run of consecutive elements with one weight per model.
  private func averageBlocks(_ sources: [Vector<Float>], _ target: Vector<Float>) {
    let blockLength = target.count / blockCount
    var sum = [Double](repeating: 0, count: min(tileLength, blockLength))
    for block in 0..<blockCount {
      let end = (block + 1) * blockLength
      var start = block * blockLength
      while start < end {
        let range = start..<min(start + tileLength, end)
        for model in sources.indices {
          addProducts(values[model][block], sources[model][range], to: &sum, first: model == 0)
        }
        storeQuotients(sum, by: sums[block], in: target[range])
        start = range.upperBound
      }
    }
  }

  /// Every row repeats the same weights, one per column.
  private func averageColumns(_ sources: [Matrix<Float>], _ target: Matrix<Float>) {
    let width = target.columns / blockCount
    let weights = values.map { spread($0, width: width) }
    let divisors = spread(sums, width: width)
    var sum = [Double](repeating: 0, count: target.columns)
    for row in 0..<target.rows {
      for model in sources.indices {
        addProducts(weights[model], sources[model].row(row), to: &sum, first: model == 0)
      }
      storeQuotients(sum, by: divisors, in: target.row(row))
    }
  }
}

/// Every value `width` times.
private func spread(_ values: [Double], width: Int) -> [Double] {
  values.flatMap { repeatElement($0, count: width) }
}

/// How many sums are kept at a time: 32 KiB of Double, which stays in the first-level cache.
let tileLength = 4096
