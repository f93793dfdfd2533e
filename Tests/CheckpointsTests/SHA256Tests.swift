import Testing

@testable import Checkpoints

/// One test after the other, since which way is used holds for the whole process; the others compare hashes that no way
/// changes.
@Suite("SHA-256", .serialized)
struct SHA256Tests {
  /// Calls `body` once for every way that this processor has.
  private func onEveryWay(_ body: () -> Void) {
    let way = SHA256.way
    for other in SHA256.Way.allCases where SHA256.select(other) { body() }
    #expect(SHA256.select(way))
  }

  @Test("The standard's messages: nothing, abc, 56 letters, a million times a")
  func standard() {
    let messages = [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ]
    onEveryWay {
      for (message, hash) in messages { #expect(hexadecimalHash(of: message) == hash, "\(message.prefix(60))") }
    }
  }

  /// Byte `i` of a message of `n` bytes is `7 i + n`; the hashes are those of Python's hashlib.
  private static let known = [
    (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (1, "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"),
    (55, "81afe5b788dc2ce138ff83d9b20164db75a94d75d2b2432eea4a0ef605088c72"),
    (56, "2aba54f0ac632420a2b502431408866e40e1d5e430df4cd822642c78ab2eb9c1"),
    (63, "733d3d4ee79ee67145bf73da13588f6f235d37414fc64b14a2f00f1762792f5e"),
    (64, "79322907b3e9d013d7dc2c2f256674dbf733045cde01df3539271c6f5605feb8"),
    (65, "d85c007c6eb440f085afa2b84f6f2bce4658b240e9f62cb1364bf0485a57e720"),
    (119, "6c87eedf096b345de205b702e5223b73b447a3207791ded3ea007ba15ed6736e"),
    (120, "42500cf6a1e3936d6b9e0bcfe296d654b63255e525487d3634d0b15fde591c4d"),
    (127, "68f6ff710276900c0ffbbc57426f67e00c2e01f0750c7edc25ac06b8ce7a8095"),
    (128, "489d55fea9a73af36b6dd0be7b4117d8e5683386d39544e8a44c99a87f368707"),
    (129, "4e1556b2e9a50a3cc9478f3254727b01065f9ac5d2c3a8b4cd538ae7240bb87d"),
    (1024, "41a8df8d7a09deeda1ce604e394aca7e77f054f4937b3e51c882a84f67de6d1d"),
    (1025, "028e14546ffdea820ced8f5d43cbc66a8e6d224a7656ef36d64ecdcb237ba0d5"),
    (4113, "a11d12ccb243f69f70e69bd94b2b57cfbc5cb7b32888eaaa8813669603c2aad9"),
  ]

  @Test("Lengths around the ends of blocks, whole and in pieces of every size", arguments: known)
  func lengths(count: Int, expected: String) {
    let message = (0..<count).map { UInt8(truncatingIfNeeded: 7 * $0 + count) }
    onEveryWay {
      #expect(SHA256.hash(data: message).hexadecimal == expected)
      #expect(SHA256.hash(data: sequence(state: message.makeIterator()) { $0.next() }).hexadecimal == expected)
      for size in 1...200 {
        var hash = SHA256()
        for start in stride(from: 0, to: count, by: size) {
          hash.update(data: message[start..<min(start + size, count)])
        }
        #expect(hash.finalize().hexadecimal == expected, "pieces of \(size)")
        // Asking changes nothing.
        #expect(hash.finalize().hexadecimal == expected)
      }
    }
  }

  @Test("Two messages at once, and each goes on alone")
  func two() {
    let (x, y) = ([UInt8](repeating: 1, count: 20 * 64 + 5), (0..<20 * 64 + 70).map { UInt8(truncatingIfNeeded: $0) })
    onEveryWay {
      for blocks in [0, 1, 2, 15, 16, 17, 20] {
        var (first, second) = (SHA256(), SHA256())
        x.withUnsafeBytes { x in
          y.withUnsafeBytes { y in
            let range = 0..<64 * blocks
            SHA256.update(
              &first, UnsafeRawBufferPointer(rebasing: x[range]), &second, UnsafeRawBufferPointer(rebasing: y[range]))
          }
        }
        first.update(data: x[(64 * blocks)...])
        second.update(data: y[(64 * blocks)...])
        #expect(first.finalize() == SHA256.hash(data: x))
        #expect(second.finalize() == SHA256.hash(data: y))
      }
    }
  }
}
