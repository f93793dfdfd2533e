import MessagePassing

/// A type whose sums in these checks are exact: small integers.
protocol CheckedScalar: MessageScalar, Numeric { init(_ value: Int) }
extension Float: CheckedScalar {}
extension Double: CheckedScalar {}
extension Int32: CheckedScalar {}
extension Int64: CheckedScalar {}
extension UInt8: CheckedScalar {}

/// What rank `rank` contributes at `index`; small enough that eight ranks fit a byte.
func contribution<Scalar: CheckedScalar>(_ rank: Int, _ index: Int) -> Scalar { Scalar((rank * 7 + index * 3) % 31) }

/// What MPI should make of all contributions, computed without MPI.
func combined<Scalar: CheckedScalar>(_ reduction: Reduction, size: Int) -> Pattern<Scalar> {
  Pattern { index in
    let all = (0..<size).map { contribution($0, index) as Scalar }
    return switch reduction {
    case .sum: all.reduce(0, +)
    case .minimum: all.min()!
    case .maximum: all.max()!
    }
  }
}

/// Runs `body` once for each type.
func forEachScalar(_ body: (any CheckedScalar.Type) throws -> Void) rethrows {
  for type in [Float.self, Double.self, Int32.self, Int64.self, UInt8.self] as [any CheckedScalar.Type] {
    try body(type)
  }
}

func checkAllReduce(on communicator: Communicator) throws {
  func check<Scalar: CheckedScalar>(_ type: Scalar.Type) throws {
    let own = Pattern<Scalar> { contribution(communicator.rank, $0) }
    for reduction in Reduction.allCases {
      let expected: Pattern<Scalar> = combined(reduction, size: communicator.size)
      for count in counts(of: type, fewer: reduction != .sum) {
        var values = own.array(count: count)
        try values.withUnsafeMutableBufferPointer { try communicator.allReduce($0, reduction) }
        try expected.expectFilled(values, "all-reduce \(reduction) of \(count) \(type)")
      }
    }
  }
  try forEachScalar { try check($0) }
}

func checkReduce(on communicator: Communicator) throws {
  func check<Scalar: CheckedScalar>(_ type: Scalar.Type) throws {
    let own = Pattern<Scalar> { contribution(communicator.rank, $0) }
    for (reduction, root) in zip(Reduction.allCases, [0, communicator.size - 1, communicator.size / 2]) {
      let expected: Pattern<Scalar> = combined(reduction, size: communicator.size)
      for count in counts(of: type, fewer: reduction != .sum) {
        var values = own.array(count: count)
        try values.withUnsafeMutableBufferPointer { try communicator.reduce($0, reduction, root: root) }
        let what = "reduce \(reduction) of \(count) \(type) to \(root)"
        try (communicator.rank == root ? expected : own).expectFilled(values, what)
      }
    }
  }
  try forEachScalar { try check($0) }
}

/// Sums of Int64 that no Double could hold, as the fixed-point accumulators of the statistics need them.
func checkExactSums(on communicator: Communicator) throws {
  let size = Int64(communicator.size)
  let share = Int64.max / 8
  var values = (0..<100).map { share - Int64($0) * 3 - Int64(communicator.rank) }
  for index in 50..<100 { values[index].negate() }
  try values.withUnsafeMutableBufferPointer { try communicator.allReduce($0) }
  let ranks = size * (size - 1) / 2
  for index in 0..<100 {
    let expected = size * (share - Int64(index) * 3) - ranks
    try expectEqual(values[index], index < 50 ? expected : -expected, "the exact sum at \(index)")
  }
  try expectEqual(try communicator.allReduce(Int64(communicator.rank), .maximum), size - 1, "the largest rank")
}

func checkBroadcast(on communicator: Communicator) throws {
  func check<Scalar: CheckedScalar>(_ type: Scalar.Type, root: Int) throws {
    for count in counts(of: type, fewer: root > 0) {
      var values = Pattern<Scalar> { contribution(communicator.rank, $0) }.array(count: count)
      try values.withUnsafeMutableBufferPointer { try communicator.broadcast($0, root: root) }
      try Pattern<Scalar> { contribution(root, $0) }.expectFilled(values, "broadcast of \(count) \(type) from \(root)")
    }
  }
  for root in [0, communicator.size - 1] {
    try forEachScalar { try check($0, root: root) }
    for count in [0, 5, UInt8.chunkCount + 1] {
      let pattern = Pattern<UInt8> { UInt8(truncatingIfNeeded: $0 * 5 + root) }
      let own = communicator.rank == root ? pattern.array(count: count) : [9, 9]
      let bytes = try communicator.broadcast(own, root: root)
      try expectEqual(bytes.count, count, "the length of broadcast bytes")
      try pattern.expectFilled(bytes, "broadcast of \(count) bytes from \(root)")
    }
  }
}

func checkGather(on communicator: Communicator) throws {
  let expected = (0..<communicator.size).map { Double($0) + 0.5 }
  let own = Double(communicator.rank) + 0.5
  for root in [0, communicator.size - 1] {
    let gathered = try communicator.gather(own, root: root)
    try expectEqual(gathered, communicator.rank == root ? expected : nil, "gather to \(root)")
  }
  try expectEqual(try communicator.allGather(own), expected, "all-gather")
  let texts = (0..<communicator.size).map { String(repeating: "né ", count: $0) }
  try expectEqual(try communicator.allGather(texts[communicator.rank]), texts, "all-gather of texts")
}

func checkGatherOfVaryingSizes(on communicator: Communicator) throws {
  func bytes(of rank: Int) -> [UInt8] {
    let count = [0, 1, UInt8.chunkCount + 1, 1000, 0][(rank + 1) % 5]
    return Pattern<UInt8> { UInt8(truncatingIfNeeded: $0 + rank) }.array(count: count)
  }
  for root in [0, communicator.size - 1] {
    let gathered = try communicator.gather(bytes(of: communicator.rank), root: root)
    let expected = (0..<communicator.size).map { bytes(of: $0) }
    try expect(gathered == (communicator.rank == root ? expected : nil), "gather of varying sizes to \(root) differs")
  }
}
