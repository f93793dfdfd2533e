import SystemPackage
import Testing

@testable import Checkpoints

@Suite("Directories that are not a model's")
struct ForeignDirectoryTests {
  private let scratch: Scratch
  private var path: FilePath { scratch.path }

  init() throws { scratch = try Scratch() }

  @Test("A model's directory, an empty one and none are left to their reader")
  func models() throws {
    try ForeignDirectory.check(path.appending("absent"))
    try ForeignDirectory.check(path)
    try scratch.write("config.json", "{}")
    try scratch.write("model.safetensors", "not looked at")
    // Beside a whole model these are left overs.
    try scratch.write("adapter_config.json", "{}")
    try scratch.write("checkpoint-5/config.json", "{}")
    try ForeignDirectory.check(path)
  }

  @Test("An adapter, a GGUF file, a training run and a merge's output are called that")
  func foreign() throws {
    try scratch.write("run/checkpoint-500/config.json", "{}")
    try scratch.write("run/checkpoint-1000/config.json", "{}")
    try scratch.write("run/checkpoint-2000/optimizer.pt", "no model")
    try scratch.write("merged/manifest.json", "{}")
    try scratch.write("merged/backbone/config.json", "{}")
    try scratch.write("merged/sst2/config.json", "{}")
    try scratch.write("lora/adapter_config.json", "{}")
    try scratch.write("lora/adapter_model.safetensors", "")
    try scratch.write("gguf/model-Q4_K_M.gguf", "GGUF")
    let trained = ForeignDirectory.trainerRun(path.appending("run"), checkpoint: "checkpoint-1000")
    #expect(throws: trained) { try ForeignDirectory.check(path.appending("run")) }
    #expect(trained.remedy.hasSuffix("run/checkpoint-1000"))
    #expect(throws: ForeignDirectory.merge(path.appending("merged"), model: "sst2")) {
      try ForeignDirectory.check(path.appending("merged"))
    }
    #expect(throws: ForeignDirectory.adapter(path.appending("lora"))) {
      try ForeignDirectory.check(path.appending("lora"))
    }
    #expect(throws: ForeignDirectory.gguf(path.appending("gguf"), file: "model-Q4_K_M.gguf")) {
      try ForeignDirectory.check(path.appending("gguf"))
    }
  }

  @Test("A file that Git LFS has not fetched is named", arguments: ["model.safetensors", "config.json", "vocab.txt"])
  func pointers(_ name: String) throws {
    for file in ["config.json", "model.safetensors", "vocab.txt"] { try scratch.write(file, "{}") }
    try ForeignDirectory.check(path)
    try scratch.write(name, "version https://git-lfs.github.com/spec/v1\noid sha256:1234\nsize 42\n")
    #expect(throws: ForeignDirectory.pointer(path.appending(name))) { try ForeignDirectory.check(path) }
  }
}
