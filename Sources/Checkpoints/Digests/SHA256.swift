import CDigests

/// SHA-256 (FIPS 180-4) of a message that comes in pieces, or of two at once.
///
/// With a processor's instructions for it, each of which waits for the one before, a second message costs hardly any
/// time of its own.
package struct SHA256: Sendable {
  package static let blockBytes = 64

  /// The first 32 bits of the fractional parts of the square roots of the first 8 primes.
  private var state: [UInt32] = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
  ]
  private var byteCount = 0
  /// The bytes of a block that has not come to its end.
  private var begun: [UInt8] = []

  package init() {}

  /// The hash of a whole message, 32 bytes.
  package static func hash(data: some Sequence<UInt8>) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: data)
    return hash.finalize()
  }

  /// Takes the next bytes of the message.
  package mutating func update(data: some Sequence<UInt8>) {
    let taken: Void? = data.withContiguousStorageIfAvailable { update(bufferPointer: UnsafeRawBufferPointer($0)) }
    if taken == nil { Array(data).withUnsafeBytes { update(bufferPointer: $0) } }
  }

  /// Takes the next bytes of the message.
  package mutating func update(bufferPointer bytes: UnsafeRawBufferPointer) {
    byteCount += bytes.count
    var rest = bytes[...]
    if !begun.isEmpty {
      let end = rest.prefix(Self.blockBytes - begun.count)
      begun += end
      rest = rest.dropFirst(end.count)
      guard begun.count == Self.blockBytes else { return }
      cd_sha256_blocks(&state, begun, 1)
      begun.removeAll(keepingCapacity: true)
    }
    let blocks = rest.count / Self.blockBytes
    if let address = UnsafeRawBufferPointer(rebasing: rest).baseAddress { cd_sha256_blocks(&state, address, blocks) }
    begun += rest.dropFirst(blocks * Self.blockBytes)
  }

  /// Takes the next bytes of two messages, whole blocks and as many of each; both have had whole blocks.
  package static func update(
    _ first: inout SHA256, _ x: UnsafeRawBufferPointer, _ second: inout SHA256, _ y: UnsafeRawBufferPointer
  ) {
    precondition(x.count % blockBytes == 0 && x.count == y.count, "as many whole blocks of both")
    precondition(first.begun.isEmpty && second.begun.isEmpty, "at the beginning of a block")
    guard let x = x.baseAddress, let address = y.baseAddress else { return }
    first.byteCount += y.count
    second.byteCount += y.count
    cd_sha256_two_blocks(&first.state, x, &second.state, address, y.count / blockBytes)
  }

  /// The hash of the message that has come so far, 32 bytes.
  package func finalize() -> [UInt8] {
    // A one, zeros, and the length in bits in the last eight bytes of a block.
    let zeros = (2 * Self.blockBytes - 9 - byteCount % Self.blockBytes) % Self.blockBytes
    let length = withUnsafeBytes(of: (UInt64(byteCount) * 8).bigEndian) { Array($0) }
    var hash = self
    hash.update(data: [0x80] + [UInt8](repeating: 0, count: zeros) + length)
    return hash.state.flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
  }
}

extension SHA256 {
  /// How it is computed: in plain C or by the processor's instructions for it; the bits are the same.
  package enum Way: Int32, CaseIterable { case plain, instructions }

  package static var way: Way { Way(rawValue: cd_sha256_way()) ?? .plain }

  /// Selects a way, for tests; whether the processor has it.
  package static func select(_ way: Way) -> Bool { cd_sha256_select(way.rawValue) == 0 }
}
