import LinearAlgebra

/// What stands above the layers: the final LayerNorm where the layers end without one, the pooling, and the head.
package struct Top<Scalar: KernelScalar> {
  /// Of the vectors that the pooling takes.
  package let norm: Norm<Scalar>?
  /// Whether the head reads the mean of an example's vectors instead of the first.
  package let poolsMean: Bool
  package let head: Head<Scalar>

  package struct Kept {
    let norm: Norm<Scalar>.Kept?
    package let head: Head<Scalar>.Kept
  }

  /// The rows of the last layer's output that are read: all, or each example's first.
  package func queries(_ segments: Segments) -> Segments { poolsMean ? segments : .single(segments.count) }

  /// - Parameter x: the last layer's output at these rows; overwritten.
  func forward(_ x: Matrix<Scalar>, _ segments: Segments, in arena: Arena, show: Audience<Scalar>) -> Kept {
    let kept = norm?.forward(x, into: x, in: arena)
    let pooled = poolsMean ? means(of: x, segments, in: arena) : x
    return Kept(norm: kept, head: head.forward(pooled, .single(segments.count), in: arena, show: show))
  }

  /// What the head reads, [examples, D], from the last layer's output at the rows that are read, which is overwritten.
  func pool(_ x: Matrix<Scalar>, _ segments: Segments, in arena: Arena) -> Matrix<Scalar> {
    _ = norm?.forward(x, into: x, in: arena)
    return poolsMean ? means(of: x, segments, in: arena) : x
  }

  /// From the gradient at the logits, [S · examples, C], to that at the last layer's output, at the rows that are read.
  ///
  /// - Parameter input: what the last layer's output is the output of, where it is a LayerNorm's.
  func backward(
    _ kept: Kept, gradient: Matrix<Scalar>, _ segments: Segments, in arena: Arena, show: Audience<Scalar>,
    input: BlockInput<Scalar>
  ) -> Matrix<Scalar> {
    let queries = queries(segments)
    let atPooled = head.backward(kept.head, gradient: gradient, .single(segments.count), in: arena, show: show) {
      let x = kept.norm?.output(in: arena) ?? input.output(in: arena)
      return poolsMean ? means(of: x, segments, in: arena) : x
    }
    let below = poolsMean ? spread(atPooled, segments, in: arena) : atPooled
    if let norm, let own = kept.norm { norm.backward(own, gradient: below, queries, show: show) }
    return below
  }

  /// The mean of each example's rows, [examples, D].
  private func means(of x: Matrix<Scalar>, _ segments: Segments, in arena: Arena) -> Matrix<Scalar> {
    let out = arena.matrix(segments.count, x.columns, of: Scalar.self)
    for example in 0..<segments.count {
      columnSums(x.rows(segments[example]), into: out.row(example))
      let count = Scalar(segments[example].count)
      for column in 0..<out.columns { out[example, column] /= count }
    }
    return out
  }

  /// An example's gradient divided by its number of rows, at each of them: [S · T, D].
  private func spread(_ x: Matrix<Scalar>, _ segments: Segments, in arena: Arena) -> Matrix<Scalar> {
    let out = arena.matrix(x.rows / segments.count * segments.rows, x.columns, of: Scalar.self)
    out.elements.clear()
    for column in 0..<x.rows / segments.count {
      for example in 0..<segments.count {
        let share = 1 / Scalar(segments[example].count)
        for row in segments[example] {
          add(x.row(column * segments.count + example), scaledBy: share, to: out.row(column * segments.rows + row))
        }
      }
    }
    return out
  }
}
