import CKernels

/// A copy of a matrix, cut into panels of 32 columns: all rows of the first 32 columns, then all rows of the next, with
/// zeros to the right of the last column. The layout that
/// ``sumOuterProducts(_:rows:_:panels:of:squared:isSymmetric:into:traces:)`` reads.
///
/// A view of an arena's memory.
package struct Panels<Scalar: KernelScalar> {
  fileprivate let elements: Vector<Scalar>
  package let rows: Int
  package let columns: Int

  package init(_ x: Matrix<Scalar>, in arena: Arena) {
    (rows, columns) = (x.rows, x.columns)
    elements = arena.vector(x.rows * Self.count(columns: x.columns) * Self.width)
    Scalar.packPanels(x.base, x.rows, x.columns, x.stride, elements.base)
  }

  /// The number of panels.
  package var count: Int { Self.count(columns: columns) }
  /// The columns of a panel.
  package static var width: Int { ck_panel }
  /// The number of panels of so many columns.
  package static func count(columns: Int) -> Int { (columns + width - 1) / width }

  /// The panels that hold some columns.
  package static func containing(_ columns: Range<Int>) -> Range<Int> {
    columns.lowerBound / width..<count(columns: columns.upperBound)
  }

  fileprivate func panel(_ index: Int) -> Vector<Scalar> {
    elements[index * rows * Self.width..<(index + 1) * rows * Self.width]
  }
}

/// For every example of a block P = Aᵀ B over its rows; sum = Σ P, or with `squared` sum = Σ P ∘ P, in double
/// precision.
///
/// Where A has several times as many rows as B, every group of them has a product of its own with the same B. P's
/// entries are summed in the order of rows, and an example's part has the same bits whatever examples are beside it.
///
/// - Parameters:
///   - rows: of Aᵀ, that is columns of A; from a multiple of 4 on.
///   - panels: of B.
///   - offsets: the rows of B that belong to example e are `offsets[e] ..< offsets[e + 1]`.
///   - isSymmetric: only what is on and above the diagonal is wanted; some of the rest is left as it is.
///   - sum: [at least `rows.count`, rounded up to a multiple of 4; 32 columns for each panel], without gaps. What is
///     beyond the matrices' edges becomes zero.
///   - traces: with `squared` for each example ``traceLanes`` numbers, to which partial sums of ΣP² are added.
package func sumOuterProducts<Scalar: KernelScalar>(
  _ a: Panels<Scalar>, rows: Range<Int>, _ b: Panels<Scalar>, panels: Range<Int>, of offsets: [Int], squared: Bool,
  isSymmetric: Bool = false, into sum: Matrix<Double>, traces: Vector<Double>
) {
  let step = ck_panel_rows
  let count = (rows.count + step - 1) / step * step
  precondition(
    rows.lowerBound % step == 0 && rows.upperBound <= a.columns && panels.upperBound <= b.count,
    "rows and panels of the matrices")
  precondition(
    offsets.last == b.rows && b.rows > 0 && a.rows % b.rows == 0, "rows of examples, and whole groups of them")
  precondition(
    sum.rows >= count && sum.columns == panels.count * Panels<Scalar>.width && sum.isContiguous,
    "room for the products")
  precondition(!squared || traces.count == (offsets.count - 1) * traceLanes, "room for the traces")
  guard !panels.isEmpty else { return }
  offsets.withUnsafeBufferPointer { offsets in
    guard let first = offsets.baseAddress else { return }
    Scalar.sumOuterProducts(
      a.elements.base, a.rows, rows.lowerBound, count, b.panel(panels.lowerBound).base, b.rows, panels.count,
      isSymmetric ? panels.lowerBound * Panels<Scalar>.width : a.columns + step, first, offsets.count - 1,
      a.rows / b.rows, squared, sum.base, traces.base)
  }
}

/// How many partial sums ``sumOuterProducts(_:rows:_:panels:of:squared:isSymmetric:into:traces:)`` keeps of an
/// example's trace.
package let traceLanes = ck_trace_lanes
