/// A view of a row-major matrix in memory that somebody else owns: an arena, a buffer or a mapped file.
///
/// A trivial value whose members are inlined into other modules, so that passing and slicing it costs nothing in an
/// inner loop. The owner must outlive the view. A view of a mapped file is mapped read-only: writing through it traps,
/// so weights are only ever passed as inputs.
@frozen @usableFromInline package struct Matrix<Scalar> {
  /// The address of element (0, 0).
  @usableFromInline package let base: UnsafeMutablePointer<Scalar>
  @usableFromInline package let rows: Int
  @usableFromInline package let columns: Int
  /// The distance between the starts of two rows, in elements; at least `columns`.
  @usableFromInline package let stride: Int

  @inlinable package init(base: UnsafeMutablePointer<Scalar>, rows: Int, columns: Int, stride: Int? = nil) {
    precondition(
      rows >= 0 && columns >= 0 && (stride ?? columns) >= columns, "a matrix needs sizes that fit its stride")
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
  }

  /// The number of elements, the gaps between rows not counted.
  @inlinable package var count: Int { rows * columns }

  /// Whether the rows follow each other without a gap, so that the matrix is also one vector of `count` elements.
  @inlinable package var isContiguous: Bool { stride == columns || rows <= 1 }

  @inlinable package subscript(row: Int, column: Int) -> Scalar {
    get {
      assert(row >= 0 && row < rows && column >= 0 && column < columns)
      return base[row * stride + column]
    }
    nonmutating set {
      assert(row >= 0 && row < rows && column >= 0 && column < columns)
      base[row * stride + column] = newValue
    }
  }

  /// The rows in `range`, as a view.
  @inlinable package func rows(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "row range outside the matrix")
    return Matrix(base: base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  /// The columns in `range`, as a view that keeps the stride.
  @inlinable package func columns(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "column range outside the matrix")
    return Matrix(base: base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// One row, as a vector.
  @inlinable package func row(_ index: Int) -> Vector<Scalar> {
    precondition(index >= 0 && index < rows, "row outside the matrix")
    return Vector(base: base + index * stride, count: columns)
  }

  /// All elements in row order, as a vector; the matrix must be contiguous.
  @inlinable package var elements: Vector<Scalar> {
    precondition(isContiguous, "a matrix with gaps is no vector")
    return Vector(base: base, count: count)
  }
}

/// A view of consecutive elements in memory that somebody else owns. See ``Matrix``.
@frozen @usableFromInline package struct Vector<Scalar> {
  /// The address of the first element.
  @usableFromInline package let base: UnsafeMutablePointer<Scalar>
  @usableFromInline package let count: Int

  @inlinable package init(base: UnsafeMutablePointer<Scalar>, count: Int) {
    precondition(count >= 0, "a vector needs a size")
    self.base = base
    self.count = count
  }

  @inlinable package subscript(index: Int) -> Scalar {
    get {
      assert(index >= 0 && index < count)
      return base[index]
    }
    nonmutating set {
      assert(index >= 0 && index < count)
      base[index] = newValue
    }
  }

  /// The elements in `range`, as a view.
  @inlinable package subscript(range: Range<Int>) -> Vector {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the vector")
    return Vector(base: base + range.lowerBound, count: range.count)
  }

  /// The same elements as a matrix of `rows` × `columns`.
  @inlinable package func matrix(rows: Int, columns: Int) -> Matrix<Scalar> {
    precondition(rows * columns == count, "a vector of \(count) is no \(rows) × \(columns) matrix")
    return Matrix(base: base, rows: rows, columns: columns)
  }

  /// A copy of the elements.
  @inlinable package var array: [Scalar] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// The elements as a buffer, for the modules that hand memory to C.
  @inlinable package var buffer: UnsafeMutableBufferPointer<Scalar> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }
}

extension Vector where Scalar: AdditiveArithmetic & BitwiseCopyable {
  /// Sets every element to zero, which is all bits zero for integers and floating-point numbers.
  package func clear() { setZero(base, bytes: count * MemoryLayout<Scalar>.stride) }
}
