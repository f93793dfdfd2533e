import Checkpoints
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import SystemPackage
import TestSupport
import Testing

@testable import Runs
@testable import StatisticsFiles
@testable import Terminal

/// A number that no statistics can have, and the tensor that the message names.
struct Impossible: CustomTestStringConvertible, Sendable {
  let tensor: String
  let says: String
  let change: @Sendable (inout StatisticsFixture) -> Void
  var testDescription: String { "\(tensor): \(says)" }

  init(_ tensor: String, _ index: Int, _ value: Double, _ says: String) {
    (self.tensor, self.says) = (tensor, says)
    change = { $0.set(tensor, index, value) }
  }
}

@Suite("Verifying and inspecting statistics files")
struct VerificationTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func checks(_ path: FilePath) throws -> [String] {
    var names: [String] = []
    try Verification.run(path) { names.append($0.name) }
    return names
  }

  @Test("sound files pass every check that their kinds have", arguments: [TensorType.float64, .float32])
  func sound(type: TensorType) throws {
    func checks(_ kinds: [StatisticKind], examples: Int = 7) throws -> [String] {
      var fixture = StatisticsFixture(kinds, examples: examples, classifier: kinds.contains(.gram))
      fixture.type = type
      return try self.checks(fixture.write("s", in: scratch))
    }
    let all = ["layout", "hash", "counts", "finite"]
    #expect(try checks([.maskFisher]) == all + ["squares", "second moments"])
    #expect(try checks([.fisher]) == all + ["squares", "zeros", "traces", "second moments"])
    let grams = ["traces", "second moments", "diagonals", "Gram matrices", "row sums"]
    #expect(try checks([.gram]) == all + ["squares"] + grams)
    #expect(try checks([.outputMetric]) == all + ["squares", "second moments", "output sketches"])
    #expect(try checks([.kfac]) == all + ["squares"] + grams.filter { $0 != "row sums" })
    #expect(try checks([.tokenCounts]) == all + ["squares", "token counts"])
    #expect(try checks(StatisticKind.all) == all + ["squares", "zeros"] + grams + ["token counts", "output sketches"])
    // With one example every inequality of Cauchy-Schwarz is an equation.
    #expect(try checks(StatisticKind.all, examples: 1).count == 13)
  }

  @Test("one flipped byte of the data is found, in sums and in fingerprints", arguments: [0, 3, 1000])
  func flipped(offset: Int) throws {
    let path = try StatisticsFixture().write("s", in: scratch)
    _ = try checks(path)
    try scratch.flip(path, fromEnd: offset)
    let error = #expect(throws: StatisticsError.self) { try checks(path) }
    guard case .damaged(path, _, _) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    try scratch.flip(path, fromEnd: offset)
    _ = try checks(path)
  }

  @Test(
    "a number that cannot be is found and named",
    arguments: [
      Impossible("head_mask", 3, -1e-9, "is negative"),
      Impossible("neuron_mask", 5, .nan, "NaN or infinite"),
      Impossible("bert.pooler.dense.weight", 15, .infinity, "NaN or infinite"),
      Impossible("bert.pooler.dense.bias", 2, -0.5, "is negative"),
      Impossible("bert.pooler.dense.bias", 2, 50, "its trace is"),
      Impossible("bert.encoder.layer.1.attention.self.key.bias", 0, 1e-30, "is not 0"),
      Impossible("head_mask.second_moment", 1, 1e-3, "is impossible"),
      Impossible("head_mask.second_moment", 1, 1e3, "is impossible"),
      Impossible("classifier.weight.second_moment", 0, 1e-3, "is impossible"),
      Impossible("gram.0.attention", 0, -1, "its trace is"),
      Impossible("gram.0.attention", 1, 1e3, "above √(G_ii G_jj)"),
      Impossible("gram.1.output", 4, -1e3, "above √(G_ii G_jj)"),
      Impossible("gram.pooler.sum", 2, 1e3, "its square is above 7 rows"),
      Impossible("gram.0.intermediate.sum", 2, -1e3, "its square is above 35 rows"),
      Impossible("token_counts", 2, 1.5, "is no whole number"),
      Impossible("token_counts", 2, -1, "is negative"),
      Impossible("token_counts", 2, 40, "the examples have 35 tokens"),
      Impossible("output_metric.embeddings", 1, 1e3, "above the trace"),
      Impossible("output_metric.bert.pooler.dense.weight", 4, -1e-3, "is not symmetric"),
      Impossible("output_metric.bert.encoder.layer.1.attention.self.key.weight", 5, -1e-3, "squares are not negative"),
      Impossible("kfac.bert.pooler.dense.weight", 1, 1e3, "above √(G_ii G_jj)"),
      Impossible("kfac.bert.encoder.layer.0.output.dense.weight", 4, 1e3, "its trace is"),
    ])
  func impossible(value: Impossible) throws {
    var fixture = StatisticsFixture()
    value.change(&fixture)
    let path = try fixture.write("s", in: scratch)
    let error = #expect(throws: StatisticsError.self) { try checks(path) }
    guard case .implausible(path, value.tensor, let reason) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(reason.contains(value.says), "\(reason)")
    #expect(error?.exitCode == .badInput)
    // A merge and `combine` find the same before they use the numbers.
    let found = #expect(throws: StatisticsError.self) {
      try Verification(StatisticsFile(path: path)).requirePlausible()
    }
    guard case .implausible(path, value.tensor, _) = found else {
      Issue.record("unexpected \(String(describing: found))")
      return
    }
    let output = scratch.path.appending("combined")
    let console = try Console(Console.Options(), speaks: false)
    #expect(throws: StatisticsError.self) {
      try Combination.run([path], output: output, allowsOverlap: false, console: console)
    }
    #expect(!FileSystem.exists(output))
  }

  @Test(
    "a sketch of fewer columns than outputs is verified by its projection", arguments: [TensorType.float64, .float32])
  func projected(type: TensorType) throws {
    var sizes = StatisticsFixture.sizes
    sizes.intermediate = 40
    var fixture = StatisticsFixture([.outputMetric], sizes: sizes)
    fixture.type = type
    #expect(try checks(fixture.write("s", in: scratch)).last == "output sketches")
    let name = "output_metric.bert.encoder.layer.1.intermediate.dense.weight"
    #expect(fixture.values[name]?.count == 40 * OutputSketch.mostColumns)
    // Two entries that change places change neither sum nor size.
    fixture.values[name]?.swapAt(3, 30)
    let path = try fixture.write("s", in: scratch)
    let error = #expect(throws: StatisticsError.self) { try checks(path) }
    guard case .implausible(path, name, let reason) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(reason.contains("ΩᵀY"))
  }

  @Test("entries whose sum is infinite are refused, and sound files are taken")
  func plausible() throws {
    try Verification(StatisticsFile(path: StatisticsFixture(classifier: true).write("s", in: scratch)))
      .requirePlausible()
    var fixture = StatisticsFixture([.maskFisher])
    for index in 0..<2 { fixture.set("head_mask", index, 1.7e308) }
    let path = try fixture.write("s", in: scratch)
    let error = #expect(throws: StatisticsError.self) {
      try Verification(StatisticsFile(path: path)).requirePlausible()
    }
    #expect(error?.problem.contains("so large that their sum is infinite") == true)
  }

  @Test("a file of version 2 is read, and what it does not say is warned of")
  func version2() throws {
    let path = Reference.directory.appending("golden/statistics-version-2.safetensors")
    let model = try Reference.model("two")
    let hash = try InputHashes(model.files).model
    try Verification.run(path, model: (model, hash, "two")) { _ in }
    let statistics = try StatisticsFile.open([path])
    #expect(statistics.warnings.count == 1 && statistics.warnings[0].contains("earlier version of fishermerge"))
    #expect(statistics.description.tokenizer == "" && statistics.description.parts[0].processor == "")
    // It cannot be held against a tokenizer.
    try statistics.check(against: model, modelHash: hash, tokenizer: "any", name: "two")
    let output = scratch.path.appending("combined")
    let console = try Console(Console.Options(), speaks: false)
    _ = try Combination.run([path], output: output, allowsOverlap: false, console: console)
    let combined = try StatisticsFile(path: output)
    #expect(combined.file.metadata("fishermerge_statistics") == "3" && combined.description == statistics.description)
    // Beside a file that names its tokenizer the sum still does not.
    var newer = statistics.description
    newer.tokenizer = "known"
    newer.parts[0].examplesHash = "others"
    newer.parts[0].dataHash = "others"
    let other = scratch.path.appending("newer")
    try StatisticsFile.write(statistics, newer, fingerprints: nil, type: .float64, to: other)
    #expect(try StatisticsFile.open([other, path]).description.tokenizer == "")
    #expect(try StatisticsFile.open([other]).description.tokenizer == "known")
  }

  @Test("statistics of texts that another tokenizer read are refused")
  func tokenizers() throws {
    let model = try Reference.model("two")
    var fixture = StatisticsFixture([.maskFisher])
    fixture.description.sizes = model.configuration
    fixture.values = Dictionary(
      uniqueKeysWithValues: fixture.description.tensors.map { ($0.name, [Double](repeating: 0, count: $0.count)) })
    let path = try fixture.write("s", in: scratch)
    let file = try StatisticsFile(path: path)
    try file.check(against: model, modelHash: "model", tokenizer: "tokenizer", name: "two")
    let error = #expect(throws: StatisticsError.self) {
      try file.check(against: model, modelHash: "model", tokenizer: "another", name: "two")
    }
    #expect(error?.problem.contains("tokenizers") == true)
    fixture.description.tokenizer = "another"
    fixture.description.parts[0].examplesHash = "others"
    fixture.description.parts[0].dataHash = "others"
    let other = try fixture.write("o", in: scratch)
    #expect(throws: StatisticsError.self) { try StatisticsFile.open([path, other]) }
  }

  @Test("one work on two kinds of processors is the same work, and not the same file")
  func processors() {
    let here = StatisticsFixture().description
    var there = here
    there.parts[0].processor = "another"
    #expect(here.isSameWork(as: there) && here != there)
    there.parts[0].seed = 1
    #expect(!here.isSameWork(as: there))
  }

  @Test("an entry that is just possible passes and one a little larger does not, at the ends of the triangle")
  func bound() throws {
    let name = "gram.0.intermediate"
    for (i, j) in [(0, 3), (1, 2), (2, 3)] {
      var fixture = StatisticsFixture([.gram])
      let tensor = fixture.values[name] ?? []
      func at(_ i: Int, _ j: Int) -> Double { tensor[PackedTriangle(order: 4).index(i, j)] }
      let limit = (at(i, i) * at(j, j)).squareRoot()
      fixture.set(name, PackedTriangle(order: 4).index(i, j), -limit)
      #expect(try checks(fixture.write("s", in: scratch)).contains("Gram matrices"))
      fixture.set(name, PackedTriangle(order: 4).index(i, j), limit * 1.0001)
      let path = try fixture.write("s", in: scratch)
      let error = #expect(throws: StatisticsError.self) { try checks(path) }
      #expect(error?.problem.contains("the entry (\(i), \(j))") == true)
    }
  }

  @Test("metadata that do not fit the tensors or each other are refused")
  func metadata() throws {
    let path = try StatisticsFixture().write("s", in: scratch)
    for (text, other, says) in [
      (#""intermediate":"3""#, #""intermediate":"2""#, "the tensor neuron_mask is F64 [2, 3], but the sizes"),
      (#""examples":"7""#, #""examples":"8""#, "the metadata's examples makes no sense"),
      (#""tokens":"35""#, #""tokens":"36""#, "the metadata's tokens makes no sense"),
      (#""expectation":"expected""#, #""expectation":"expecter""#, "the metadata's expectation"),
      (#""draws":"0""#, #""draws":"1""#, "the metadata's draws"),
      (#""parts":"[{"#, #""parts":"{["#, "the metadata's parts"),
      (#""model_type":"bert""#, #""model_type":"burt""#, "the metadata's model_type"),
      (#""heads":"2""#, #""haeds":"2""#, "the metadata have no heads"),
      (#""statistics":"mask_fisher,fisher,"#, #""statistics":"fisher,mask_fisher,"#, "metadata's statistics"),
      (#""head_mask""#, #""haed_mask""#, "the tensor head_mask is missing"),
    ] {
      try scratch.replace(text, by: other, in: path)
      let error = #expect(throws: StatisticsError.self) { try StatisticsFile(path: path) }
      #expect(error?.problem.contains(says) == true, "\(String(describing: error))")
      try scratch.replace(other, by: text, in: path)
    }
    // As the files of earlier versions had it.
    try scratch.replace(#""statistics":"mask_fisher,"#, by: #""statistics":"mask-fisher,"#, in: path)
    #expect(try StatisticsFile(path: path).kinds == StatisticKind.all)
    try scratch.replace(#""statistics":"mask-fisher,fisher"#, by: #""statistics":"mask-fisher,fishes"#, in: path)
    #expect(throws: StatisticsError.self) { try StatisticsFile(path: path) }
    try scratch.replace(#""fishermerge_statistics":"3""#, by: #""fishermerge_statistics":"1""#, in: path)
    let old = #expect(throws: StatisticsError.otherVersion(path, version: "1")) { try StatisticsFile(path: path) }
    #expect(old?.remedy.contains("estimate the statistics again") == true)
    let model = Reference.directory.appending("models/two/model.safetensors")
    #expect(throws: StatisticsError.notStatistics(model)) { try StatisticsFile(path: model) }
  }

  @Test("in which way a family computes is in the file, and what no encoder can be is refused")
  func variant() throws {
    var fixture = StatisticsFixture([.maskFisher])
    fixture.description.sizes.variant.rotary = .init(
      globalTheta: 160_000, localTheta: 10_000, window: 8, isLocal: [false, true])
    fixture.description.sizes.variant.headActivation = .gelu
    let path = try fixture.write("s", in: scratch)
    #expect(try StatisticsFile(path: path).description.sizes.variant == fixture.description.sizes.variant)
    for (text, other) in [
      (#"\"isLocal\":[false,true]"#, #"\"isLocal\":[false,   1]"#),
      (#"\"isLocal\":[false,true]"#, #"\"isLocal\":[      true]"#),
      (#"\"window\":8"#, #"\"window\":-"#), (#"\"scoreTerms\":1"#, #"\"scoreTerms\":0"#),
    ] {
      try scratch.replace(text, by: other, in: path)
      let error = #expect(throws: StatisticsError.self) { try StatisticsFile(path: path) }
      #expect(error?.problem.contains("the metadata's variant makes no sense") == true, "\(String(describing: error))")
      try scratch.replace(other, by: text, in: path)
    }
    // Files of families that compute as BERT does are as they were.
    let plain = try StatisticsFile(path: StatisticsFixture([.maskFisher]).write("plain", in: scratch))
    #expect(plain.file.metadata("variant") == nil && plain.file.metadata("embedding") == nil)
  }

  @Test("whatever bytes of the header are changed, the file is refused or read, and nothing worse happens")
  func mutations() throws {
    let path = try StatisticsFixture(examples: 2, classifier: true).write("s", in: scratch)
    let url = URL(fileURLWithPath: path.string)
    let bytes = try Data(contentsOf: url)
    let metadata = try #require(bytes.firstRange(of: Data(#""fishermerge_statistics""#.utf8)))
    let end = try #require(bytes.firstRange(of: Data(#""parts":""#.utf8))).upperBound + 200
    var random = SyntheticNumbers(seed: 5)
    var refused = 0
    for _ in 0..<400 {
      var changed = bytes
      for _ in 0..<2 {
        let place = metadata.lowerBound + Int(random.integer() >> 20 & 0xFFFF) % (end - metadata.lowerBound)
        // Digits become other digits as often as anything else.
        changed[place] =
          (48...57).contains(changed[place])
          ? UInt8(48 + random.integer() >> 33 & 7) : UInt8(32 + random.integer() >> 30 & 63)
      }
      try changed.write(to: url)
      do {
        _ = try Inspection.describe(path)
        _ = try checks(path)
      } catch { refused += 1 }
    }
    #expect(refused > 200)
    for huge in [#""layers":"999999""#, #""hidden":"999999""#, #""examples":"9223372036854775807""#] {
      let key = huge.prefix { $0 != ":" }
      var text = Data(bytes)
      let range = try #require(text.firstRange(of: Data((key + #":""#).utf8)))
      let close = text[range.upperBound...].firstIndex(of: 34) ?? range.upperBound
      text.replaceSubrange(range.lowerBound...close, with: Data(huge.utf8))
      // The header is longer now; what was padding is used up.
      var length = UInt64(text.count - (bytes.count - 8 - headerLength(bytes)) - 8).littleEndian
      text.replaceSubrange(0..<8, with: withUnsafeBytes(of: &length) { Data($0) })
      try text.write(to: url)
      #expect(throws: StatisticsError.self, "\(huge)") { try StatisticsFile(path: path) }
    }
  }

  private func headerLength(_ bytes: Data) -> Int {
    bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  @Test("several files are all verified; the report has both verdicts and the last failure is thrown")
  func files() throws {
    var broken = StatisticsFixture(seed: 2)
    broken.set("head_mask", 0, -1)
    let paths = [
      try broken.write("broken", in: scratch), try StatisticsFixture(seed: 1).write("sound", in: scratch),
    ]
    let console = try Console(Console.Options(), speaks: false)
    let (json, failure) = try Verification.run(paths, model: nil, console: console)
    #expect(json["files"]?.array?.map { $0["passed"]?.bool } == [false, true])
    #expect(json["files"]?.array?[1]["checks"]?.array?.count == 13)
    #expect(failure is StatisticsError && failure?.subject.contains("broken") == true)
    #expect(try Verification.run([paths[1]], model: nil, console: console).failure == nil)
  }

  // MARK: inspect

  @Test("an inspection says kinds, examples, parts, errors and the largest, from the file alone")
  func inspection() throws {
    let fixture = StatisticsFixture(examples: 40, classifier: true)
    let path = try fixture.write("s", in: scratch)
    let (text, json) = try Inspection.describe(path)
    let kinds =
      "mask_fisher and fisher and gram with the classifier's and output_metric and kfac and token_counts and token_fisher"
    #expect(text.contains("\(kinds), expectation expected, sums over 40"))
    #expect(text.contains("part 1: 40 examples (all, at most 9 tokens each), 200 tokens, of data data1"))
    // The largest head by the fixture's own numbers, with the textbook's standard error.
    let heads = fixture.values["head_mask"] ?? []
    let top = heads.indices.max { heads[$0] < heads[$1] } ?? 0
    let mean = heads[top] / 40
    let variance = ((fixture.values["head_mask.second_moment"]?[top] ?? 0) / 40 - mean * mean) * 40 / 39
    let expected = "\(top / 2).\(top % 2): \(significant(mean)) ± \(significant((variance / 40).squareRoot()))"
    #expect(text.contains("mean ± standard error): \(expected)"), "\(text)")
    #expect(json.members?.first == .init(key: "kind", value: "statistics") && json["examples"] == "40")
    for table in ["head_mask", "neuron_mask", "fisher", "gram", "output_metric", "kfac"] {
      let error = json["relative_errors"]?[table]?.double ?? 0
      #expect(error > 0.001 && error < 0.5, "\(table) \(error)")
    }
  }

  @Test("an inspection refuses a sum that is not finite", arguments: [Double.nan, .infinity])
  func notFinite(value: Double) throws {
    var fixture = StatisticsFixture()
    fixture.set("bert.pooler.dense.weight", 3, value)
    let path = try fixture.write("s", in: scratch)
    #expect(throws: StatisticsError.self) { try Inspection.describe(path) }
  }
}
