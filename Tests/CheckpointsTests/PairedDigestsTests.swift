import Testing

@testable import Checkpoints

/// Against hashes of each file alone.
@Suite("SHA-256 of several files")
struct PairedDigestsTests {
  private func message(_ count: Int, seed: Int = 0) -> MappedFile {
    MappedFile(
      path: "m", contents: (0..<count).map { UInt8(truncatingIfNeeded: (($0 &+ 1009 &* seed) &* 2_654_435_761) >> 7) })
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
