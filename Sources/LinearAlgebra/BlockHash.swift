import CKernels

/// SHA-256 (FIPS 180-4) by the instructions that processors have for it, of one message or of two at once.
///
/// Each of these instructions waits for the one before, so a second message costs no time of its own. For messages in memory:
/// whole blocks first, what is left with the end.
package struct BlockHash: Sendable {
  package static let blockBytes = 64
  /// Whether this processor has the instructions; nothing else may be called where it has not.
  package static let isAvailable = ck_sha256_available() != 0

  /// The first 32 bits of the fractional parts of the square roots of the first 8 primes.
  private var state: [UInt32] = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
  ]
  private var byteCount = 0

  package init() {}

  /// Takes the next bytes of the message, whole blocks.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count % Self.blockBytes == 0, "whole blocks")
    guard let address = bytes.baseAddress else { return }
    byteCount += bytes.count
    ck_sha256_blocks(&state, address, bytes.count / Self.blockBytes)
  }

  /// Takes the next bytes of two messages, whole blocks and as many of each.
  package static func update(
    _ first: inout BlockHash, _ x: UnsafeRawBufferPointer, _ second: inout BlockHash, _ y: UnsafeRawBufferPointer
  ) {
    precondition(x.count % blockBytes == 0 && x.count == y.count, "as many whole blocks of both")
    guard let x = x.baseAddress, let address = y.baseAddress else { return }
    first.byteCount += y.count
    second.byteCount += y.count
    ck_sha256_two_blocks(&first.state, x, &second.state, address, y.count / blockBytes)
  }

  /// The hash of the message that ends with `rest`, 32 bytes.
  package func finalized(_ rest: UnsafeRawBufferPointer) -> [UInt8] {
    let whole = rest.count - rest.count % Self.blockBytes
    var hash = self
    hash.update(UnsafeRawBufferPointer(rebasing: rest[..<whole]))
    // A one, zeros, and the length in bits in the last eight bytes of a block.
    var end = Array(rest[whole...])
    let bits = UInt64(hash.byteCount + end.count) * 8
    end.append(0x80)
    end.append(
      contentsOf: repeatElement(0, count: (2 * Self.blockBytes - 8 - end.count % Self.blockBytes) % Self.blockBytes))
    withUnsafeBytes(of: bits.bigEndian) { end.append(contentsOf: $0) }
    end.withUnsafeBytes { hash.update($0) }
    return hash.state.flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
  }
}
