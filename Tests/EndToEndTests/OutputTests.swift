import Parameters
import Checkpoints
import Encoders
import Foundation
import TestSupport
import Testing

extension ProgramTests {
  @Suite("What a merge writes", .serialized)
  struct OutputTests {
    @Test("a backbone, a complete model for each task, and a manifest")
    func tree() throws {
      let program = try Program()
      let recipe = try program.recipe("mask_fisher", "examples: 100")
      try program.succeed(["merge", "recipe.yaml", "--output", "merged"], ranks: 2)
      let model = ["README.md", "config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"]
      #expect(
        try program.scratch.names(in: "merged") == ["backbone", "five", "manifest.json", "report.html", "three", "two"])
      #expect(!(try program.scratch.names().contains { $0.contains("partial") }))
      for name in ["backbone", "two", "three", "five"] {
        #expect(try program.scratch.names(in: "merged/\(name)") == model)
        for file in ["vocab.txt", "tokenizer_config.json"] {
          let original = try Data(contentsOf: URL(fileURLWithPath: Program.model("two") + "/" + file))
          #expect(try program.scratch.files(below: "merged/\(name)")[file] == original)
        }
      }

      let text = try String(contentsOfFile: recipe.string, encoding: .utf8)
      let manifest = try program.json("merged/manifest.json")
      #expect(
        manifest.members?.map(\.key) == [
          "fishermerge", "manifest_format", "command", "recipe", "plan_sha256", "method", "settings", "preset",
          "compatibility", "heads",
          "base_model", "models", "plain_average_entries", "systems", "scores", "search", "ranks", "hosts", "mpi",
          "blas",
          "blas_core", "blas_threads", "kernels", "processors", "allows_unlike_processors", "seconds",
          "peak_resident_bytes",
        ])
      #expect(manifest["recipe"]?.string == text && manifest["method"]?.string == "mask_fisher")
      #expect(manifest["command"]?.string == "fishermerge merge recipe.yaml --output merged")
      #expect(manifest["ranks"]?.integer == 2 && manifest["peak_resident_bytes"]?.array?.count == 2)
      let entry = try #require(manifest["models"]?.array?[1])
      #expect(entry["name"]?.string == "three" && entry["data"]?["examples"]?.integer == 100)
      #expect(entry["data"]?["rows"]?.integer == 150)
      let weights = try MappedFile(path: Reference.directory.appending("models/three/model.safetensors")).sha256
      #expect(entry["sha256"]?["model.safetensors"]?.string == weights)
      #expect(entry["data"]?["sha256"]?.string == (try MappedFile(path: program.path("three.jsonl")).sha256))

      let card = try String(contentsOfFile: program.path("merged/three/README.md").string, encoding: .utf8)
      let front = card.split(separator: "---\n", omittingEmptySubsequences: false)[1]
      #expect(front.contains("base_model:\n- ") && front.contains("library_name: transformers\n"), "\(front)")
      #expect(front.contains("pipeline_tag: text-classification\n") && front.contains("tags:\n- merge\n"), "\(front)")
      #expect(card.contains(text) && card.contains(weights), "\(card)")
    }

    @Test("each task keeps its own head and gets the common backbone")
    func heads() throws {
      let program = try Program()
      try program.recipe("fisher", "examples: 30")
      try program.succeed(["merge", "recipe.yaml", "--output", "merged"])
      let backbone = try SafetensorsFile(path: program.path("merged/backbone/model.safetensors"))
      for (name, outputs) in [("two", 2), ("three", 3), ("five", 5)] {
        let source = try Reference.model(name)
        let merged = try StoredModel(directory: program.path("merged/\(name)"))
        #expect(merged.configuration == source.configuration && merged.labels.count == outputs)
        for parameter in merged.parameters {
          let values = try #require(merged.files[parameter.name]?.bytes)
          let original = try #require(source.files[parameter.name]?.bytes)
          if parameter.isHead {
            #expect(values.elementsEqual(original), "\(parameter.name)")
          } else {
            let bare = source.family.bareName(parameter.name)
            #expect(values.elementsEqual(try #require(backbone[bare]).bytes), "\(parameter.name)")
            #expect(!values.elementsEqual(original), "\(parameter.name)")
          }
        }
      }
      let encoder = try StoredModel(directory: program.path("merged/backbone"))
      #expect(!encoder.hasHead && encoder.settings["architectures"]?.array?.first?.string == "BertModel")
      #expect(encoder.settings["id2label"] == nil)
    }

    @Test("what was written is read again: by inspect, by evaluate, and from shards")
    func readAgain() throws {
      let program = try Program()
      try program.recipe("mask_fisher", "examples: 30")
      try program.succeed(["merge", "recipe.yaml", "--output", "merged"])
      try program.succeed(["merge", "recipe.yaml", "--output", "sharded", "--out-shard-size", "20KB"])
      let inspected = try program.succeed(["inspect", "merged"]).output
      #expect(inspected.contains("mask_fisher (rule structural, normalize model"), "\(inspected)")
      let model = try program.succeed(["inspect", "merged/five"]).output
      #expect(model.contains("all values are finite") && model.contains("5 outputs: LABEL_0"), "\(model)")
      #expect(try program.succeed(["inspect", "merged/backbone"]).output.contains("head: none"))

      let names = try program.scratch.names(in: "sharded/five")
      #expect(names.contains("model.safetensors.index.json") && !names.contains("model.safetensors"), "\(names)")
      #expect(names.count { $0.hasPrefix("model-0000") } >= 3, "\(names)")
      for name in names where name.hasSuffix(".safetensors") {
        let file = try SafetensorsFile(path: program.path("sharded/five/\(name)"))
        #expect(file.tensors.count == 1 || file.mapped.bytes.count < 20_000 + 8_000, "\(name)")
      }
      func score(_ directory: String) throws -> String {
        let result = try program.succeed(
          ["evaluate", "--model", directory, "--data", "five.jsonl", "--json", "score.json"])
        #expect(result.output.contains("accuracy"), "\(result)")
        return try program.json("score.json").serialized()
      }
      #expect(try score("merged/five") == score("sharded/five"))
      #expect(try program.json("score.json")["examples"]?.integer == 150)
      let (whole, parts) = (
        try StoredModel(directory: program.path("merged/five")),
        try StoredModel(directory: program.path("sharded/five"))
      )
      for parameter in whole.parameters {
        #expect(whole.tensor(parameter).bytes.elementsEqual(parts.tensor(parameter).bytes), "\(parameter.name)")
      }
    }

    @Test("half precision: rounded once, said in config.json", arguments: ["float16", "bfloat16"])
    func outputTypes(type: String) throws {
      let program = try Program()
      try program.recipe("linear", name: "full.yaml")
      try program.recipe("linear", more: "out_dtype: \(type)", name: "half.yaml")
      try program.succeed(["merge", "full.yaml", "--output", "full"])
      try program.succeed(["merge", "half.yaml", "--output", "half"])
      let full = try SafetensorsFile(path: program.path("full/three/model.safetensors"))
      let half = try SafetensorsFile(path: program.path("half/three/model.safetensors"))
      for tensor in full.tensors {
        #expect(half[tensor.name]?.type == (type == "float16" ? .float16 : .bfloat16))
        let rounded = try full.values(tensor.name).map { value -> Double in
          if type == "float16" { return Double(Float16(value)) }
          // bfloat16 by hand: the upper half of a Float, to nearest, ties to even.
          let bits = Float(value).bitPattern
          return Double(Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000))
        }
        let found = try half.values(tensor.name)
        // The backbone is rounded when it is written, so both come from the same Float.
        #expect(found == rounded, "\(tensor.name)")
      }
      #expect(try program.json("half/three/config.json")["torch_dtype"]?.string == type)
      #expect(try program.succeed(["inspect", "half/three"]).output.contains(type == "float16" ? "F16" : "BF16"))
      try program.succeed(["evaluate", "--model", "half/three", "--data", "three.jsonl"])
    }

    @Test("a model of the local hub cache, by its name")
    func hubCache() throws {
      let program = try Program(examples: 20)
      let snapshot = program.path("cache/models--our-lab--bert-three/snapshots/0123abc")
      try program.scratch.write("cache/models--our-lab--bert-three/refs/main", "0123abc\n")
      try FileManager.default.createDirectory(atPath: snapshot.string, withIntermediateDirectories: true)
      for name in ["config.json", "model.safetensors", "vocab.txt", "tokenizer_config.json"] {
        // The hub keeps links into its blobs.
        try FileManager.default.createSymbolicLink(
          atPath: snapshot.appending(name).string, withDestinationPath: Program.model("three") + "/" + name)
      }
      try program.recipe("mask_fisher", models: ["three": "our-lab/bert-three"])
      let cache = ["HF_HUB_CACHE": program.path("cache").string]
      try program.succeed(["merge", "recipe.yaml", "--output", "merged"], ranks: 2, environment: cache)
      try program.recipe("mask_fisher", name: "direct.yaml")
      try program.succeed(["merge", "direct.yaml", "--output", "direct"])
      let (a, b) = (try program.scratch.files(below: "merged"), try program.scratch.files(below: "direct"))
      #expect(a["three/model.safetensors"] == b["three/model.safetensors"])
      #expect(a["three/vocab.txt"] == b["three/vocab.txt"])
      let card = String(decoding: a["three/README.md"] ?? Data(), as: UTF8.self)
      #expect(card.contains("- our-lab/bert-three\n"), "\(card)")
      let missing = try program.run(["plan", "recipe.yaml"])
      #expect(missing.status == 66 && missing.message.contains("model our-lab/bert-three"), "\(missing)")
    }
  }
}
