import Checkpoints

extension PairedDigests {
  /// Announces that the data of statistics will be hashed.
  package func expect(_ statistics: CombinedStatistics) {
    for file in statistics.files { expect(file.file.mapped, file.dataRange) }
  }
}
