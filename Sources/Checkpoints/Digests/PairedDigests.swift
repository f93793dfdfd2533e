/// The SHA-256 of files, each computed when it is asked for, together with part of another one that will be: two at
/// once take hardly longer than one where the processor has instructions for it (``SHA256``).
///
/// A hash is that of the bytes as they are mapped. Keeps the files.
package final class PairedDigests {
  private struct Job {
    let file: MappedFile
    let range: Range<Int>
    var hash = SHA256()
    /// How many bytes of the range are in the hash.
    var done = 0
    var digest: String?

    var wholeBlocks: Int { (range.count - done) / SHA256.blockBytes }

    func bytes(_ count: Int) -> UnsafeRawBufferPointer {
      let start = range.lowerBound + done
      return file[start..<start + count]
    }
  }

  private var jobs: [Job] = []

  package init() {}

  /// Announces that the hash of a file's bytes in `range` will be asked for.
  package func expect(_ file: MappedFile, _ range: Range<Int>) { _ = place(of: file, range) }

  /// The SHA-256 of the bytes in `range` (FIPS 180-4) as 64 lower-case hexadecimal digits, as `sha256sum` prints it.
  package func sha256(of file: MappedFile, _ range: Range<Int>) -> String {
    let index = place(of: file, range)
    if let known = jobs[index].digest { return known }
    while jobs[index].wholeBlocks > 0 { advance(index) }
    var hash = jobs[index].hash
    hash.update(bufferPointer: jobs[index].bytes(range.count - jobs[index].done))
    let digest = hash.finalize().hexadecimal
    jobs[index].digest = digest
    return digest
  }

  /// Hashes all whole blocks that are left of one file, or as many as the longest of the others has left.
  private func advance(_ index: Int) {
    let others = jobs.indices.filter { $0 != index && jobs[$0].digest == nil && jobs[$0].wholeBlocks > 0 }
    let left = jobs[index].wholeBlocks
    guard let other = others.max(by: { jobs[$0].wholeBlocks < jobs[$1].wholeBlocks }) else {
      jobs[index].hash.update(bufferPointer: jobs[index].bytes(left * SHA256.blockBytes))
      jobs[index].done += left * SHA256.blockBytes
      return
    }
    let count = min(left, jobs[other].wholeBlocks) * SHA256.blockBytes
    var (hash, otherHash) = (jobs[index].hash, jobs[other].hash)
    SHA256.update(&hash, jobs[index].bytes(count), &otherHash, jobs[other].bytes(count))
    (jobs[index].hash, jobs[other].hash) = (hash, otherHash)
    jobs[index].done += count
    jobs[other].done += count
  }

  private func place(of file: MappedFile, _ range: Range<Int>) -> Int {
    if let known = jobs.firstIndex(where: { $0.file === file && $0.range == range }) { return known }
    jobs.append(Job(file: file, range: range))
    return jobs.count - 1
  }
}

extension PairedDigests {
  /// Announces that a model's weight files will be hashed.
  package func expect(_ model: ModelWeights) {
    for file in model.files { expect(file.mapped, 0..<file.mapped.bytes.count) }
  }
}
