import Checkpoints
import Encoders
import LinearAlgebra
import SystemPackage

struct CombinedStatistics: StatisticReader {
  let file: StatisticsFile
  var kinds: [StatisticKind] { file.kinds }
  var examples: Int { file.examples }
  var tokens: Int { Int(file.file.metadata("tokens") ?? "") ?? 0 }
  var expectation: String { file.expectation }
  var sha256: [String] { [""] }
  func check(against model: StoredModel, modelHash: String, name: String) throws {}
  func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) throws {
    guard let tensor = file.file[name] else { fatalError(name) }
    try tensor.copy(elements: elements, into: out)
  }
}
extension StatisticsFile {
  static func open(_ paths: [FilePath]) throws -> CombinedStatistics {
    CombinedStatistics(file: try StatisticsFile(path: paths[0]))
  }
}
