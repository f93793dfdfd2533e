import Checkpoints
import Datasets
import Foundation
import SystemPackage
import TestSupport
import Testing
import Tokenizers

@testable import ModelMerging
@testable import Planning
@testable import Recipes
@testable import Sessions

@Suite("Inputs that are read by all ranks")
struct SharedInputsTests {
  private func owners(_ directories: [String], _ size: Int) -> [Int] {
    SharedInputs.owners(
      of: directories.map { ModelInputs(FilePath($0), reference: $0, data: nil) }, size: size)
  }

  @Test("models are spread evenly over the ranks, and a model that is named twice goes to one")
  func spread() {
    #expect(owners(["a", "b", "c"], 1) == [0, 0, 0])
    #expect(owners(["a", "b", "c", "d"], 2) == [0, 0, 1, 1])
    // As far apart as can be, so that different hosts read.
    #expect(owners(["a", "b", "c", "d"], 64) == [0, 16, 32, 48])
    #expect(owners(["a", "b", "a", "c"], 3) == [0, 1, 0, 2])
    for (models, size) in [(100, 7), (7, 100), (1024, 1024), (5, 3)] {
      let counts = Dictionary(grouping: owners((0..<models).map { "m\($0)" }, size)) { $0 }.mapValues(\.count)
      #expect(counts.keys.allSatisfy { (0..<size).contains($0) } && counts.count == min(models, size))
      #expect((counts.values.max() ?? 0) - (counts.values.min() ?? 0) <= 1)
    }
  }

  @Test("what the root sends is what the others read")
  func message() throws {
    let fixture = try MergeFixture()
    try fixture.two.write("two", in: fixture.scratch)
    let path = try fixture.scratch.write(
      "recipe.yaml",
      """
      merge_method: fisher
      models:
        - {model: two, data: {file: a.tsv, columns: ["#2", "#3"], label: "#1"}, test: b.jsonl, parameters: {weight: 0.1}}
        - {model: absent, statistics: [c.safetensors, d.safetensors]}
      parameters: {examples: 7, expectation: sampled, draws: 3, max_length: 12, seed: 9223372036854775807}
      """)
    let inputs = RunInputs(try Recipe(path: path, methods: MergeMethods.declarations), environment: [:])
    let received = try JSONDecoder().decode(RunInputs.self, from: JSONEncoder().encode(inputs))
    #expect(received.sampling == inputs.sampling && received.statistics == [.fisher])
    for (here, there) in zip(inputs.models, received.models) {
      #expect((here.directory, here.name, here.weight) == (there.directory, there.name, there.weight))
      #expect((here.data?.file, here.test?.file) == (there.data?.file, there.test?.file))
      #expect((here.data?.columns, here.data?.label) == (there.data?.columns, there.data?.label))
      #expect(here.statistics == there.statistics)
    }
    #expect(received.models[0].data?.columns == [.position(2), .position(3)])
    #expect(received.models[1].statistics == ["c.safetensors", "d.safetensors"].map { fixture.path($0).string })
    // The reason stays on the root, and nobody else finds the model.
    #expect(inputs.unresolved[1] == .notFound("absent", places: [fixture.path("absent")]))
    #expect(throws: (any Error).self) { try InputReader(received).read(1) }
  }

  @Test("tokenizers have the same identity just where they have no difference")
  func comparedTokenizers() throws {
    let fixture = try MergeFixture()
    func tokenizer(_ change: (inout EditedModel) -> Void = { _ in }, settings: String = "{}") throws
      -> Tokenizer
    {
      var model = fixture.two
      change(&model)
      let directory = try model.write("changed", in: fixture.scratch)
      try fixture.scratch.write("changed/tokenizer_config.json", settings)
      return try Tokenizer(directory: directory)
    }
    let first = try tokenizer()
    let others = [
      try tokenizer(), try tokenizer(settings: #"{"name_or_path": "elsewhere", "model_max_length": 9}"#),
      try tokenizer { $0.vocabulary.swapAt(20, 21) }, try tokenizer { $0.vocabulary.removeLast() },
      try tokenizer(settings: #"{"do_lower_case": false}"#), try tokenizer(settings: #"{"truncation_side": "left"}"#),
    ]
    #expect(others.map { first.difference(from: $0) == nil } == [true, true, false, false, false, false])
    for other in others {
      #expect((first.identity == other.identity) == (first.difference(from: other) == nil))
    }
  }

  @Test("a file's stamp changes with its size and with its time")
  func stamps() throws {
    let scratch = try Scratch()
    let file = try scratch.write("a", "abc")
    let stamp = FileStamp(file)
    #expect(stamp?.bytes == 3 && FileStamp(file) == stamp)
    let link = scratch.path.appending("link")
    try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: file.string)
    #expect(FileStamp(link) == stamp)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: file.string)
    #expect(FileStamp(file) != stamp && FileStamp(file)?.seconds == 1)
    #expect(FileStamp(scratch.path.appending("none")) == nil)
  }
}
