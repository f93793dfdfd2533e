import Foundation
import SystemPackage
import Testing

@testable import Checkpoints

@Suite("Pickles of torch: model directories")
struct PickledModelTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func copy(_ name: String, as target: String) throws {
    try scratch.write(target, try contents(committed(name)))
  }

  @Test("A directory with pytorch_model.bin, or its shards, has the weights of its safetensors twin")
  func twins() throws {
    let models = committed("").removingLastComponent().appending("models")
    let expected = try ModelWeights(directory: models.appending("two"))
    for name in ["bert", "sharded"] {
      let found = try ModelWeights(directory: committed(name))
      #expect(found.names == expected.names && found.files.count == (name == "bert" ? 1 : 2))
      for (a, b) in zip(found.parameters, expected.parameters) {
        #expect(a.tensor.shape == b.tensor.shape && a.tensor.type == b.tensor.type)
        #expect(a.tensor.bytes.elementsEqual(b.tensor.bytes), "\(a.name)")
      }
    }
  }

  @Test("Of all forms of weights the first counts, in the order of transformers")
  func order() throws {
    try copy("state.bin", as: "state.bin")
    try scratch.write("pytorch_model.bin.index.json", #"{"weight_map":{"marked":"state.bin"}}"#)
    #expect(try ModelWeights(directory: scratch.path).names == ["marked"])
    try copy("zip32.bin", as: "pytorch_model.bin")
    #expect(try ModelWeights(directory: scratch.path).names.contains("0.weight"))
    try scratch.write("model.safetensors.index.json", #"{"weight_map":{"frozen":"views.safetensors"}}"#)
    #expect(
      throws: WeightsError.missingShard(
        scratch.path.appending("model.safetensors.index.json"), shard: "views.safetensors")
    ) { try ModelWeights(directory: scratch.path) }
    try copy("types.safetensors", as: "model.safetensors")
    #expect(try ModelWeights(directory: scratch.path).names.contains("bfloat16"))
  }

  @Test("Shards of pickles are held to their index, and to be pickles")
  func shards() throws {
    let index = scratch.path.appending("pytorch_model.bin.index.json")
    try copy("state.bin", as: "one.bin")
    try scratch.write("pytorch_model.bin.index.json", #"{"weight_map":{"other":"one.bin"}}"#)
    #expect(throws: WeightsError.notInShard(index, tensor: "other", shard: "one.bin")) {
      try ModelWeights(directory: scratch.path)
    }
    try scratch.write("pytorch_model.bin.index.json", #"{"weight_map":{"marked":"../one.bin"}}"#)
    #expect(throws: WeightsError.unsafeShard(index, tensor: "marked", shard: "../one.bin")) {
      try ModelWeights(directory: scratch.path)
    }
    try copy("state.safetensors", as: "one.bin")
    try scratch.write("pytorch_model.bin.index.json", #"{"weight_map":{"marked":"one.bin"}}"#)
    #expect(throws: WeightsError.pickle(.format(scratch.path.appending("one.bin"), .safetensors))) {
      try ModelWeights(directory: scratch.path)
    }
  }

  @Test("A pickle's error is the directory's; a link whose target is missing is said to be missing")
  func errors() throws {
    let path = scratch.path.appending("pytorch_model.bin")
    try copy("system2.bin", as: "pytorch_model.bin")
    let error = #expect(throws: WeightsError.self) { try ModelWeights(directory: scratch.path) }
    #expect(error?.problem.contains("posix.system") == true && error?.subject == path.string)
    #expect(error?.exitCode == .badInput && error?.remedy.contains("save_pretrained") == true)
    try FileManager.default.removeItem(atPath: path.string)
    try scratch.link("pytorch_model.bin", to: "../../blobs/absent")
    #expect(throws: WeightsError.pickle(.unreadable(.missing(path)))) { try ModelWeights(directory: scratch.path) }
  }

  @Test("Legacy names and position numbers are found in pickles as in safetensors, and hashes are of the files")
  func names() throws {
    var fixture = TensorFixture(name: "x.LayerNorm.gamma")
    try scratch.write("pytorch_model.bin", fixture.archive.bytes)
    #expect(try ModelWeights(directory: scratch.path)["x.LayerNorm.weight"]?.name == "x.LayerNorm.gamma")
    (fixture.name, fixture.storage, fixture.count, fixture.shape, fixture.strides) =
      ("bert.embeddings.position_ids", "LongStorage", 3, [1, 3], [3, 1])
    try scratch.write("pytorch_model.bin", fixture.archive.bytes)
    try scratch.write("pytorch_model.bin.index.json", "{}")
    let weights = try ModelWeights(directory: scratch.path)
    #expect(weights.parameters.isEmpty && weights.buffers.map(\.name) == ["bert.embeddings.position_ids"])
    let hashes = try InputHashes(weights)
    #expect(hashes.files.map(\.name) == ["pytorch_model.bin", "pytorch_model.bin.index.json"])
    #expect(
      hashes.model == SHA256.hash(data: fixture.archive.bytes).hexadecimal && hashes.files[0].sha256 == hashes.model)
  }

  @Test("A directory of pickles is a model's, not a training run's")
  func foreign() throws {
    for name in ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin"] {
      let directory = "of-\(name)"
      try scratch.write("\(directory)/config.json", "{}")
      try scratch.write("\(directory)/adapter_config.json", "{}")
      #expect(throws: ForeignDirectory.self) { try ForeignDirectory.check(scratch.path.appending(directory)) }
      try scratch.write("\(directory)/\(name)", "not looked at")
      try ForeignDirectory.check(scratch.path.appending(directory))
    }
  }
}
