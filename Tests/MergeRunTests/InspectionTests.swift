import Checkpoints
import Encoders
import LinearAlgebra
import SystemPackage
import TestSupport
import Testing

@testable import MergeRun

@Suite("Inspection")
struct InspectionTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  // MARK: merges

  /// What a merge of `two` and `three` leaves, as far as an inspection looks at it.
  private func writeMerge(manifest: String = #"[{"name": "two", "model": "org/two"}, {"name": "three"}]"#) throws {
    try scratch.write("merged/manifest.json", #"{"fishermerge": "1", "method": "linear", "models": \#(manifest)}"#)
    try EditedModel("bare").write("merged/backbone", in: scratch)
    for name in ["two", "three"] { try EditedModel(name).write("merged/\(name)", in: scratch) }
  }

  private func inspect(_ name: String) throws -> (text: String, json: JSON) {
    try Inspection.describe(scratch.path.appending(name))
  }

  @Test("A merge's backbone and models are opened and read, and its JSON says first what it is")
  func merge() throws {
    try writeMerge()
    let (text, json) = try inspect("merged")
    #expect(text.hasSuffix("\nbackbone and 2 models: all tensors present and finite"))
    #expect(text.contains("two: org/two"))
    #expect(json.members?.map(\.key) == ["kind", "fishermerge", "method", "models"])
    #expect(json["kind"] == "merge" && json["method"] == "linear")
    try writeMerge(manifest: #"[{"name": "three"}]"#)
    #expect(try inspect("merged").text.hasSuffix("\nbackbone and 1 model: all tensors present and finite"))
  }

  @Test("A weight of a merge that is not finite is named with its model", arguments: ["backbone", "two", "three"])
  func notFinite(name: String) throws {
    try writeMerge()
    var model = try EditedModel(name == "backbone" ? "bare" : name)
    let tensor = try #require(model.tensors.last { $0.shape.count == 1 && $0.shape[0] > 1 })
    model[tensor.name][1] = .nan
    let directory = try model.write("merged/\(name)", in: scratch)
    let file = directory.appending("model.safetensors")
    #expect(throws: TensorAccessError.notFinite(file, tensor: tensor.name, index: [1])) { try inspect("merged") }
  }

  @Test("A model that lacks a tensor, or is not there at all, is refused", arguments: ["backbone", "two", "three"])
  func missing(name: String) throws {
    try writeMerge()
    var model = try EditedModel(name == "backbone" ? "bare" : name)
    let index = try #require(model.tensors.firstIndex { $0.name.hasSuffix("query.weight") })
    let removed = model.tensors.remove(at: index).name
    let directory = try model.write("merged/\(name)", in: scratch)
    #expect(throws: ModelError.missingTensor(directory, tensor: removed)) { try inspect("merged") }
    try writeMerge(manifest: #"[{"name": "two"}, {"name": "four"}]"#)
    let error = #expect(throws: (any Error).self) { try inspect("merged") }
    #expect("\(String(describing: error))".contains("merged/four"))
  }

  @Test(
    "A manifest that names no directories beside it is refused by the key",
    arguments: [
      ("null", "models"), (#"[{"name": "two"}, {"nom": "three"}]"#, "models[1].name"),
      (#"[{"name": "../two"}]"#, "models[0].name"), (#"[{"name": ".."}]"#, "models[0].name"),
      (#"[{"name": ""}]"#, "models[0].name"), (#"[{"name": "/two"}]"#, "models[0].name"),
    ])
  func manifest(models: String, key: String) throws {
    try writeMerge(manifest: models)
    let error = #expect(throws: RunError.self) { try inspect("merged") }
    #expect(error?.subject == "\(scratch.path)/merged/manifest.json, \(key)" && error?.exitCode == .badInput)
  }

  // MARK: statistics

  private typealias Sums = (name: String, shape: [Int], values: [Double])
  private let masks: [Sums] = [("head_mask", [2, 2], [0, 1, 2, 3]), ("neuron_mask", [2, 3], [6, 5, 4, 3, 2, 0])]
  private let fisher: Sums = ("bert.pooler.dense.weight", [2, 1], [0.5, 0])

  /// Writes a statistics file with the tensors, of two examples.
  private func statistics(_ tensors: [Sums], kinds: String) throws -> FilePath {
    let path = scratch.path.appending("s.safetensors")
    var writer = try SafetensorsWriter(
      to: OutputFile(path: path, replacing: true),
      tensors: tensors.map { TensorDeclaration(name: $0.name, type: .float64, shape: $0.shape) },
      metadata: [
        ("fishermerge_statistics", "1"), ("statistics", kinds), ("expectation", "expected"), ("examples", "2"),
      ])
    for tensor in tensors {
      let buffer = Buffer<Double>(count: tensor.values.count)
      for (index, value) in tensor.values.enumerated() { buffer.vector[index] = value }
      try withExtendedLifetime(buffer) { try writer.write(tensor.name, buffer.vector) }
    }
    try writer.finish()
    return path
  }

  @Test("A statistics file of finite sums is described, and its JSON says first what it is")
  func sound() throws {
    let path = try statistics(masks + [fisher], kinds: "mask-fisher,fisher")
    let (text, json) = try Inspection.describe(path)
    #expect(text.contains("mask-fisher and fisher, expectation expected, sums over 2 examples"))
    // The largest sum of heads is 3, of head 1 in layer 1; the mean over two examples is half of it.
    #expect(text.contains("top heads (layer.number: mean): 1.1: \(significant(1.5))"))
    #expect(json.members?.first == .init(key: "kind", value: "statistics") && json["examples"] == "2")
  }

  @Test("A sum that is negative, NaN or infinite is refused with its tensor", arguments: [-1e-9, .nan, .infinity])
  func unsound(value: Double) throws {
    for tensor in 0..<3 {
      var tensors = masks + [fisher]
      let last = tensors[tensor].values.count - 1
      tensors[tensor].values[last] = value
      let path = try statistics(tensors, kinds: "mask-fisher,fisher")
      let error = #expect(throws: RunError.self) { try Inspection.describe(path) }
      guard case .invalidStatistics(path, let reason) = error else {
        Issue.record("unexpected \(String(describing: error))")
        continue
      }
      #expect(reason.contains("the tensor \(tensors[tensor].name) has the value \(value) at \(last)"))
    }
  }

  @Test("A mask that is no table is refused with its name", arguments: [0, 1])
  func rank(mask: Int) throws {
    for shape in [[masks[mask].values.count], [1] + masks[mask].shape] {
      var tensors = masks
      tensors[mask].shape = shape
      let path = try statistics(tensors, kinds: "mask-fisher")
      let title = mask == 0 ? "heads" : "neurons"
      #expect(
        throws: RunError.invalidStatistics(
          path, reason: "the tensor \(masks[mask].name) has \(shape.count) dimensions, not layers × \(title)")
      ) { try Inspection.describe(path) }
    }
  }
}
