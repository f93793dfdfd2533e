import Foundation
import Recipes
import SystemPackage
import TestSupport
import Testing

@testable import Planning

@Suite("Inputs that change during a run")
struct InputStampsTests {
  private let scratch: Scratch
  private let directory: FilePath
  private var inputs: RunInputs {
    var model = ModelInputs(directory, reference: "two", data: nil)
    model.statistics = [scratch.path.appending("s.safetensors").string]
    return RunInputs(models: [model], sampling: Sampling())
  }

  init() throws {
    scratch = try Scratch()
    directory = try EditedModel("two").write("two", in: scratch)
    try scratch.write("s.safetensors", "statistics")
  }

  @Test(
    "one that is written anew, in place or not, of the same size too, is named",
    arguments: [
      "two/model.safetensors", "two/config.json", "two/vocab.txt", "two/tokenizer_config.json", "s.safetensors",
    ])
  func changed(name: String) throws {
    let stamps = InputStamps(inputs)
    try stamps.requireUnchanged()
    let path = scratch.path.appending(name)
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path.string))
    try file.write(contentsOf: Data([0x7B]))
    try file.close()
    #expect(throws: PlanError.changed(path)) { try stamps.requireUnchanged() }
    let later = InputStamps(inputs)
    try scratch.write(name, "something else altogether")
    #expect(throws: PlanError.changed(path)) { try later.requireUnchanged() }
  }

  @Test(
    "a pickle is looked at as a safetensors file is", arguments: ["pytorch_model.bin", "pytorch_model.bin.index.json"])
  func pickle(name: String) throws {
    let path = try scratch.write("two/\(name)", "a pickle")
    let stamps = InputStamps(inputs)
    try stamps.requireUnchanged()
    try scratch.write("two/\(name)", "another pickle")
    #expect(throws: PlanError.changed(path)) { try stamps.requireUnchanged() }
  }

  @Test("one that is gone is named, and other files may come and go")
  func others() throws {
    let stamps = InputStamps(inputs)
    try scratch.write("two/notes.txt", "anything")
    try stamps.requireUnchanged()
    try FileManager.default.removeItem(atPath: directory.appending("model.safetensors").string)
    #expect(throws: PlanError.changed(directory.appending("model.safetensors"))) { try stamps.requireUnchanged() }
  }

  @Test("the base is looked at as well")
  func base() throws {
    let base = try EditedModel("three").write("base", in: scratch)
    let stamps = InputStamps(inputs, base: base)
    try scratch.write("base/config.json", "{}")
    #expect(throws: PlanError.changed(base.appending("config.json"))) { try stamps.requireUnchanged() }
  }
}
