import LinearAlgebra
import Testing

@testable import Checkpoints

/// Against swift-crypto, which hashes a message in another way.
@Suite("SHA-256 of several files")
struct PairedDigestsTests {
  private func message(_ count: Int, seed: Int = 0) -> MappedFile {
    MappedFile(path: "m", contents: (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761 &+ seed) >> 7) })
  }

  @Test("The standard's example, and what sha256sum says of nothing")
  func standard() {
    let digests = PairedDigests()
    let abc = MappedFile(path: "abc", contents: Array("abc".utf8))
    #expect(
      digests.sha256(of: abc, 0..<3) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      digests.sha256(of: message(0), 0..<0) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test("Every length around the ends of blocks, alone", .enabled(if: BlockHash.isAvailable))
  func lengths() {
    for count in 0...200 {
      let file = message(count)
      let alone = withExtendedLifetime(file) { BlockHash().finalized(file.bytes).hexadecimal }
      #expect(alone == file.sha256)
    }
  }

  @Test("Files of all lengths together, asked for in another order than announced, each once and again")
  func together() {
    let files = [1000, 64, 0, 77, 4096, 63, 128_000, 5000].enumerated().map { message($1, seed: $0) }
    let digests = PairedDigests()
    for file in files { digests.expect(file, 0..<file.bytes.count) }
    for index in [3, 7, 0, 6, 2, 1, 5, 4, 6] {
      #expect(digests.sha256(of: files[index], 0..<files[index].bytes.count) == files[index].sha256)
    }
  }

  @Test("Parts of files, and a file that was not announced")
  func parts() {
    let (a, b) = (message(1000), message(900, seed: 1))
    let digests = PairedDigests()
    digests.expect(a, 8..<1000)
    digests.expect(a, 0..<8)
    #expect(digests.sha256(of: b, 100..<900) == b.sha256(of: 100..<900))
    #expect(digests.sha256(of: a, 8..<1000) == a.sha256(of: 8..<1000))
    #expect(digests.sha256(of: a, 0..<8) == a.sha256(of: 0..<8))
    #expect(a.sha256(of: 0..<8) != a.sha256(of: 8..<1000))
  }
}
