import Foundation
import SystemPackage
import Testing

@testable import Checkpoints

/// The directory with real checkpoints: `FISHERMERGE_SHARED`, else `shared` beside the package; nil where it is absent.
private let sharedModels: FilePath? = {
  var package = FilePath(#filePath)
  for _ in 0..<3 { package.removeLastComponent() }
  let beside = package.removingLastComponent().appending("shared")
  let shared = ProcessInfo.processInfo.environment["FISHERMERGE_SHARED"].map { FilePath($0) } ?? beside
  let models = shared.appending("models").appending("bert-tiny")
  return FileManager.default.fileExists(atPath: models.string) ? models : nil
}()

@Suite("Real checkpoints", .enabled(if: sharedModels != nil, "FISHERMERGE_SHARED names no directory with models"))
struct SharedModelTests {
  @Test(
    "Every model loads, is finite and has the number of parameters that its shapes give",
    arguments: ["sst2", "trec", "subj", "sick"])
  func loads(_ name: String) throws {
    let directory = try #require(sharedModels).appending(name)
    let config = try ModelConfiguration(directory: directory)
    #expect(try config.string("model_type") == "bert" && config.problemKind() == .singleLabel)
    let weights = try ModelWeights(directory: directory)
    try weights.requireFinite()
    let (hidden, layers) = (try config.integer("hidden_size"), try config.integer("num_hidden_layers"))
    let (inner, labels) = (try config.integer("intermediate_size"), try config.labelCount())
    let words = try config.integer("vocab_size") + config.integer("max_position_embeddings")
    let embeddings = (try words + config.integer("type_vocab_size") + 2) * hidden
    let layer = 4 * hidden * (hidden + 1) + 4 * hidden + hidden * (inner + 1) + inner * (hidden + 1)
    let expected = embeddings + layers * layer + hidden * (hidden + 1) + labels * (hidden + 1)
    #expect(weights.parameters.reduce(0) { $0 + $1.tensor.count } == expected)
  }

  @Test("A configuration that is read and written is the file, byte for byte")
  func configuration() throws {
    let directory = try #require(sharedModels).appending("sst2")
    let written = try ModelConfiguration(directory: directory).serialized()
    #expect(
      written.trimmingCharacters(in: .newlines)
        == String(decoding: try contents(directory.appending("config.json")), as: UTF8.self)
        .trimmingCharacters(in: .newlines))
  }
}
