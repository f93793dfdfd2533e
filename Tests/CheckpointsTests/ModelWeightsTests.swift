import Foundation
import SystemPackage
import Testing

@testable import Checkpoints

@Suite("The weights of a model directory")
struct ModelWeightsTests {
  let scratch: Scratch
  let index: FilePath

  init() throws {
    scratch = try Scratch()
    index = scratch.path.appending("model.safetensors.index.json")
  }

  /// Scalars of type F32 (I64 for position_ids) with the given names.
  private func write(_ file: String, _ names: [String]) throws {
    var (entries, data): ([String], [UInt8]) = ([], [])
    for name in names {
      let isInteger = name.hasSuffix("position_ids")
      let end = data.count + (isInteger ? 8 : 4)
      entries.append(
        #""\#(name)":{"dtype":"\#(isInteger ? "I64" : "F32")","shape":[1],"data_offsets":[\#(data.count),\#(end)]}"#)
      data += Array(repeating: 0, count: end - data.count)
    }
    try scratch.write(file, safetensors("{\(entries.joined(separator: ","))}", data: data))
  }

  private func writeIndex(_ map: [(String, String)]) throws {
    let members = map.map { #""\#($0.0)":"\#($0.1)""# }.joined(separator: ",")
    try scratch.write("model.safetensors.index.json", #"{"metadata":{"total_size":8},"weight_map":{\#(members)}}"#)
  }

  private func expect(_ error: WeightsError, _ location: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: location) { try ModelWeights(directory: scratch.path) }
    #expect(error.subject.contains(scratch.path.string) && !error.remedy.isEmpty, sourceLocation: location)
  }

  @Test("Parameters come in the order of their names; position numbers stand apart")
  func names() throws {
    try write("model.safetensors", ["b.weight", "embeddings.position_ids", "a.bias", "B.weight"])
    let weights = try ModelWeights(directory: scratch.path)
    #expect(weights.names == ["B.weight", "a.bias", "b.weight"])
    #expect(weights.buffers.map(\.name) == ["embeddings.position_ids"])
    #expect(weights["b.weight"]?.name == "b.weight")
    #expect(weights["embeddings.position_ids"] == nil && weights["c"] == nil && weights["A"] == nil)
  }

  @Test("Gamma and beta of LayerNorm are found as weight and bias and keep their stored name")
  func legacyNames() throws {
    try write(
      "model.safetensors", ["x.LayerNorm.gamma", "x.LayerNorm.beta", "LayerNorm.gamma", "x.gamma", "MyLayerNorm.beta"])
    let weights = try ModelWeights(directory: scratch.path)
    #expect(
      weights.names == ["LayerNorm.weight", "MyLayerNorm.beta", "x.LayerNorm.bias", "x.LayerNorm.weight", "x.gamma"])
    #expect(weights["x.LayerNorm.weight"]?.name == "x.LayerNorm.gamma")
    #expect(weights["x.LayerNorm.gamma"] == nil)
  }

  @Test("A tensor under both its old and its new name is refused")
  func ambiguous() throws {
    try write("model.safetensors", ["x.LayerNorm.gamma", "x.LayerNorm.weight"])
    let error = #expect(throws: WeightsError.self) { try ModelWeights(directory: scratch.path) }
    guard case .ambiguousName(_, "x.LayerNorm.weight", let first, let second) = try #require(error) else {
      throw try #require(error)
    }
    #expect((first + second).contains("x.LayerNorm.gamma in "))
  }

  @Test("Shards are found by the index")
  func shards() throws {
    try write("one.safetensors", ["a"])
    try write("two.safetensors", ["c", "b"])
    try writeIndex([("a", "one.safetensors"), ("b", "two.safetensors"), ("c", "two.safetensors")])
    let weights = try ModelWeights(directory: scratch.path)
    #expect(weights.names == ["a", "b", "c"])
    #expect(weights["b"]?.file.path == scratch.path.appending("two.safetensors"))
  }

  @Test("Of a whole file and shards the whole file counts, as for transformers")
  func wholeFileFirst() throws {
    try write("model.safetensors", ["a"])
    try writeIndex([("b", "missing.safetensors")])
    #expect(try ModelWeights(directory: scratch.path).names == ["a"])
  }

  @Test("A missing shard, and shards that do not hold what the index says, are refused")
  func indexDisagrees() throws {
    try writeIndex([("a", "one.safetensors")])
    expect(.missingShard(index, shard: "one.safetensors"))
    try write("one.safetensors", ["b"])
    expect(.notInShard(index, tensor: "a", shard: "one.safetensors"))
    try write("one.safetensors", ["a", "b"])
    expect(.notInIndex(index, tensor: "b", shard: "one.safetensors"))
  }

  @Test(
    "A shard's name cannot lead out of the directory",
    arguments: ["../x.safetensors", "/etc/passwd", "sub/x.safetensors", "..", ".", "", "x\\u0000.safetensors"])
  func unsafeShard(_ shard: String) throws {
    try write("x.safetensors", ["a"])
    try writeIndex([("a", shard)])
    expect(.unsafeShard(index, tensor: "a", shard: shard == "x\\u0000.safetensors" ? "x\0.safetensors" : shard))
  }

  @Test("A shard may be a link into the model's own directory, and to where a link of the index leads")
  func linkedShards() throws {
    try write("real/part.safetensors", ["a"])
    try scratch.write("real/index", #"{"weight_map":{"a":"one.safetensors"}}"#)
    // Into the directory itself.
    try scratch.link("one.safetensors", to: "real/part.safetensors")
    try writeIndex([("a", "one.safetensors")])
    #expect(try ModelWeights(directory: scratch.path).names == ["a"])
    // A directory of links to files elsewhere, as the snapshots of a hub cache are.
    try scratch.link("farm/one.safetensors", to: "../real/part.safetensors")
    try scratch.link("farm/model.safetensors.index.json", to: "../real/index")
    #expect(try ModelWeights(directory: scratch.path.appending("farm")).names == ["a"])
  }

  @Test("A hub's snapshot works, and a local directory whose large files the hub's tool keeps in the cache")
  func hubLinks() throws {
    try write("hub/models--o--m/blobs/e3b0", ["a"])
    let index = #"{"weight_map":{"a":"one.safetensors"}}"#
    try scratch.write("hub/models--o--m/blobs/5d41", index)
    let snapshot = "hub/models--o--m/snapshots/c0ffee"
    try scratch.link("\(snapshot)/one.safetensors", to: "../../blobs/e3b0")
    try scratch.link("\(snapshot)/model.safetensors.index.json", to: "../../blobs/5d41")
    #expect(try ModelWeights(directory: scratch.path.pushing(FilePath(snapshot))).names == ["a"])
    try scratch.write("local/model.safetensors.index.json", index)
    try scratch.link("local/one.safetensors", to: "../hub/models--o--m/blobs/e3b0")
    #expect(try ModelWeights(directory: scratch.path.appending("local")).names == ["a"])
  }

  @Test("A shard that is a link to elsewhere is refused, also through a directory with a similar name")
  func outsideShard() throws {
    try write("secret/x.safetensors", ["a"])
    try write("model-other/x.safetensors", ["a"])
    for (target, real) in [
      ("../secret/x.safetensors", "secret"), ("../model-other/x.safetensors", "model-other"),
      ("\(scratch.path)/secret/x.safetensors", "secret"),
    ] {
      try? FileManager.default.removeItem(atPath: scratch.path.appending("model").string)
      try scratch.link("model/x.safetensors", to: target)
      try scratch.write("model/model.safetensors.index.json", #"{"weight_map":{"a":"x.safetensors"}}"#)
      let directory = scratch.path.appending("model")
      let error = #expect(throws: WeightsError.self) { try ModelWeights(directory: directory) }
      guard case .outsideShard(_, "x.safetensors", let found) = try #require(error) else { throw try #require(error) }
      #expect(found.string.hasSuffix("/\(real)/x.safetensors"))
      #expect(error?.exitCode == .badInput && error?.subject.hasSuffix("model.safetensors.index.json") == true)
    }
  }

  @Test("The name that the program itself looks for may be a link to anywhere")
  func linkedModel() throws {
    try write("elsewhere/weights", ["a"])
    try scratch.link("model/model.safetensors", to: "../elsewhere/weights")
    #expect(try ModelWeights(directory: scratch.path.appending("model")).names == ["a"])
  }

  @Test("Shards are told apart by the bytes of their names, not by Unicode's equivalence")
  func equivalentShards() throws {
    try write("caf\u{E9}", ["a"])
    try write("cafe\u{301}", ["b"])
    try writeIndex([("a", "caf\u{E9}"), ("b", "cafe\u{301}")])
    #expect(try ModelWeights(directory: scratch.path).names == ["a", "b"])
  }

  @Test("An index of the wrong form is refused")
  func malformedIndex() throws {
    let file = "model.safetensors.index.json"
    try scratch.write(file, "{")
    expect(.index(.malformed(index, JSONError(problem: .unexpectedEnd, offset: 1))))
    for text in ["[]", "{}", #"{"weight_map":[]}"#, #"{"weight_map":{}}"#] {
      try scratch.write(file, text)
      expect(.malformedIndex(index, key: "weight_map"))
    }
    try scratch.write(file, #"{"weight_map":{"a":1}}"#)
    expect(.malformedIndex(index, key: "weight_map.a"))
  }

  @Test("A directory without weights, or absent, is said to be so")
  func noWeights() throws {
    expect(.noWeights(scratch.path))
    let absent = scratch.path.appending("absent")
    #expect(throws: WeightsError.noDirectory(absent)) { try ModelWeights(directory: absent) }
  }

  @Test("A link whose target is missing is said to be missing, not overlooked")
  func danglingLink() throws {
    try scratch.link("model.safetensors", to: "../../blobs/absent")
    expect(.safetensors(.unreadable(.missing(scratch.path.appending("model.safetensors")))))
  }
}
