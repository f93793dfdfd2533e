import CMPI

extension Communicator {
  /// Copies the root's buffer into the buffers of all other ranks.
  ///
  /// - Parameters:
  ///   - buffer: any number of elements, the same on every rank.
  ///
  /// **Collective.**
  package func broadcast<Scalar: MessageScalar>(
    _ buffer: UnsafeMutableBufferPointer<Scalar>, root: Int = Communicator.root
  ) throws(MessagePassingError) {
    try validate(rank: root, "MPI_Bcast")
    guard let handle else { return }
    // How long a message may be that leaves the root without waiting for anybody depends on the transport.
    try meet("MPI_Bcast")
    try Self.forEachChunk(of: buffer) { base, count throws(MessagePassingError) in
      try check(cmpi_broadcast(base, count, Scalar.datatype, Int32(root), handle), "MPI_Bcast")
    }
  }

  /// The root's bytes, on every rank; what the others hand in is ignored, and they need not know the length.
  ///
  /// **Collective.**
  package func broadcast(
    _ bytes: [UInt8], root: Int = Communicator.root
  ) throws(MessagePassingError) -> [UInt8] {
    try meet("MPI_Bcast")
    return try afterMeeting { () throws(MessagePassingError) in
      let count = Int(try broadcast(Int64(bytes.count), root: root))
      var result = rank == root ? bytes : [UInt8](repeating: 0, count: count)
      try result.withUnsafeMutableBufferPointer { buffer throws(MessagePassingError) in
        try broadcast(buffer, root: root)
      }
      return result
    }
  }

  /// The root's number, on every rank; what the others hand in is ignored. **Collective.**
  package func broadcast<Scalar: MessageScalar>(
    _ value: Scalar, root: Int = Communicator.root
  ) throws(MessagePassingError) -> Scalar {
    var result = value
    try withUnsafeMutablePointer(to: &result) { pointer throws(MessagePassingError) in
      try broadcast(UnsafeMutableBufferPointer(start: pointer, count: 1), root: root)
    }
    return result
  }

  /// One number of each rank, in the order of ranks, on the root; nil elsewhere. **Collective.**
  package func gather<Scalar: MessageScalar>(
    _ value: Scalar, root: Int = Communicator.root
  ) throws(MessagePassingError) -> [Scalar]? {
    try validate(rank: root, "MPI_Gather")
    guard let handle else { return [value] }
    try meet("MPI_Gather")
    var values = rank == root ? [Scalar](repeating: value, count: size) : []
    let code = withUnsafePointer(to: value) { own in
      values.withUnsafeMutableBufferPointer { all in
        cmpi_gather(own, all.baseAddress, 1, Scalar.datatype, Int32(root), handle)
      }
    }
    try check(code, "MPI_Gather")
    return rank == root ? values : nil
  }

  /// One number of each rank, in the order of ranks, on every rank. **Collective.**
  package func allGather<Scalar: MessageScalar>(_ value: Scalar) throws(MessagePassingError) -> [Scalar] {
    guard let handle else { return [value] }
    try meet("MPI_Allgather")
    var values = [Scalar](repeating: value, count: size)
    let code = withUnsafePointer(to: value) { own in
      values.withUnsafeMutableBufferPointer { all in
        cmpi_all_gather(own, all.baseAddress, 1, Scalar.datatype, handle)
      }
    }
    try check(code, "MPI_Allgather")
    return values
  }

  /// The bytes of each rank, in the order of ranks, on the root; nil elsewhere. Lengths may differ and be 0.
  ///
  /// The root receives from one rank after the other, in chunks: `MPI_Gatherv` would limit the sum of the lengths to
  /// 2³¹.
  ///
  /// **Collective.**
  package func gather(_ bytes: [UInt8], root: Int = Communicator.root) throws(MessagePassingError) -> [[UInt8]]? {
    let counts = try gather(Int64(bytes.count), root: root)
    guard let counts else {
      _ = try startSend(MessageBuffer(bytes), to: root, tag: Self.gatherTag).wait()
      return nil
    }
    var all: [[UInt8]] = []
    for (source, count) in counts.enumerated() {
      if source == rank {
        all.append(bytes)
      } else {
        let request = try startReceive(into: MessageBuffer<UInt8>(count: Int(count)), from: source, tag: Self.gatherTag)
        all.append(try request.wait().array)
      }
    }
    return all
  }

  /// The texts of each rank, on every rank. For host names and the like. **Collective.**
  package func allGather(_ text: String) throws(MessagePassingError) -> [String] {
    let lengths = try allGather(Int64(text.utf8.count))
    let bytes = try broadcast(try gather(Array(text.utf8))?.flatMap { $0 } ?? [])
    var start = 0
    return lengths.map { length in
      defer { start += Int(length) }
      return String(decoding: bytes[start..<start + Int(length)], as: UTF8.self)
    }
  }
}
