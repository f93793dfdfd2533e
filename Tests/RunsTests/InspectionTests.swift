import Checkpoints
import Encoders
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Runs

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

  @Test("A pickle is shown as a safetensors file is", arguments: ["pytorch_model.bin", "model.pt", "model.PTH"])
  func pickle(name: String) throws {
    let file = Reference.directory.appending("pickles").appending("views.bin")
    try scratch.write(name, bytes: try Data(contentsOf: URL(fileURLWithPath: file.string)))
    let (text, json) = try inspect(name)
    #expect(text.contains("21 tensors") && text.contains("permuted") && text.contains("5 × 3 × 2 × 4"))
    #expect(json["kind"]?.string == "pickle" && json["tensors"]?.array?.count == 21)
    try scratch.write(name, "anything")
    #expect(throws: PickleError.format(scratch.path.appending(name), .unknown)) { try inspect(name) }
  }

  @Test(
    "A file that is not for inspecting is called what it is, with what to do",
    arguments: [
      ("recipe.yaml", "a recipe", "fishermerge plan"), ("report.html", "a report", "browser"),
      ("train.jsonl", "a data file", "fishermerge evaluate"), ("manifest.json", "the manifest of a merge", "directory"),
      ("model.gguf", "a file of weights in another format", "save_pretrained"),
    ])
  func otherFiles(name: String, kind: String, use: String) throws {
    try scratch.write(name, "anything")
    let error = #expect(throws: RunError.self) { try inspect(name) }
    #expect(error?.problem.hasPrefix("this is \(kind);") == true && error?.remedy.contains(use) == true)
  }
}
