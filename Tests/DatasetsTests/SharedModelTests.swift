import Foundation
import SystemPackage
import Testing
import Tokenizers

@testable import Datasets

/// The folder of real models and data beside the package, or where FISHERMERGE_SHARED says.
private let shared: FilePath? = {
  let stated = ProcessInfo.processInfo.environment["FISHERMERGE_SHARED"].map { FilePath($0) }
  let package = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
  let folder = stated ?? package.removingLastComponent().appending("shared")
  let tokenizer = folder.appending("models/bert-tiny/base/tokenizer.json")
  return FileManager.default.fileExists(atPath: tokenizer.string) ? folder : nil
}()

@Suite("The real checkpoints and data", .enabled(if: shared != nil, "no shared models beside the package"))
struct SharedModelTests {
  @Test("The vocabulary of bert-base-uncased gives the ids that everybody knows")
  func knownIDs() throws {
    let folder = try #require(shared).appending("models/bert-tiny/base")
    let tokenizer = try Tokenizer(directory: folder)
    #expect(tokenizer.vocabularySize == 30_522)
    #expect(tokenizer.encode("Hello, world!", maximumLength: 16).ids == [101, 7592, 1010, 2088, 999, 102])
    #expect(
      tokenizer.encode("unaffable", pair: "[MASK]", maximumLength: 16).ids == [101, 14477, 20961, 3468, 102, 103, 102])
  }

  @Test(
    "Data sets load with their labels",
    arguments: [("sick", 3, 495), ("sst2", 2, 872), ("subj", 2, 649), ("trec", 6, 537)])
  func load(task: String, classCount: Int, rowCount: Int) throws {
    let folder = try #require(shared)
    let tokenizer = try Tokenizer(directory: folder.appending("models/bert-tiny/\(task)"))
    let examples = try Dataset.load(
      path: folder.appending("data/\(task)/validation.jsonl"),
      labels: .classes(LabelMap(names: (0..<classCount).map { "LABEL_\($0)" })), tokenizer: tokenizer,
      maximumLength: 128)
    #expect(examples.count == rowCount)
    let plan = BlockPlan(examples, maximumTokens: 2048, maximumExamples: 64)
    #expect(plan.exampleCount == rowCount)
    #expect(plan.blocks.reduce(0) { $0 + $1.tokenCount } == examples.tokenCount)
  }
}
