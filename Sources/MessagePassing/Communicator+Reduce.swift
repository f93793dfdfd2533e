import CMPI

extension Communicator {
  /// Combines the buffers of all ranks, element by element; every rank's buffer is replaced by the result.
  ///
  /// - Parameters:
  ///   - buffer: any number of elements, the same on every rank.
  ///
  /// **Collective.**
  package func allReduce<Scalar: MessageScalar>(
    _ buffer: UnsafeMutableBufferPointer<Scalar>, _ reduction: Reduction = .sum
  ) throws(MessagePassingError) {
    guard let handle else { return }
    try meet("MPI_Allreduce")
    try Self.forEachChunk(of: buffer) { base, count throws(MessagePassingError) in
      try check(cmpi_all_reduce(base, count, Scalar.datatype, reduction.operation, handle), "MPI_Allreduce")
    }
  }

  /// Combines the buffers of all ranks, element by element; the root's buffer is replaced by the result and the others
  /// keep their contribution.
  ///
  /// - Parameters:
  ///   - buffer: any number of elements, the same on every rank.
  ///
  /// **Collective.**
  package func reduce<Scalar: MessageScalar>(
    _ buffer: UnsafeMutableBufferPointer<Scalar>, _ reduction: Reduction = .sum, root: Int = Communicator.root
  ) throws(MessagePassingError) {
    try validate(rank: root, "MPI_Reduce")
    guard let handle else { return }
    try meet("MPI_Reduce")
    try Self.forEachChunk(of: buffer) { base, count throws(MessagePassingError) in
      let (type, operation, root) = (Scalar.datatype, reduction.operation, Int32(root))
      let code =
        rank == root
        ? cmpi_reduce_at_root(base, count, type, operation, root, handle)
        : cmpi_reduce_elsewhere(base, count, type, operation, root, handle)
      try check(code, "MPI_Reduce")
    }
  }

  /// One number of each rank, combined; the same result on every rank. **Collective.**
  package func allReduce<Scalar: MessageScalar>(
    _ value: Scalar, _ reduction: Reduction = .sum
  ) throws(MessagePassingError) -> Scalar {
    var result = value
    try withUnsafeMutablePointer(to: &result) { pointer throws(MessagePassingError) in
      try allReduce(UnsafeMutableBufferPointer(start: pointer, count: 1), reduction)
    }
    return result
  }
}
