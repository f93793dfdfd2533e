@testable import Datasets
import Checkpoints
import Foundation
import Merging
import SystemPackage
import TestSupport
import Testing

@testable import ModelMerging
@testable import Planning
@testable import Recipes

private let path: FilePath = "recipes/mine.yaml"

/// A recipe of a mode, each line where the errors expect it: `compatibility` is line 2, the entry below `parameters`
/// line 4, the models are lines 6 and 7.
private func recipe(
  _ mode: String, method: String, parameter: String = "examples: 5", first: String = "", more: String = ""
) throws -> Recipe {
  try Recipe(
    text: """
      merge_method: \(method)
      compatibility: \(mode)
      parameters:
        \(parameter)
      models:
        - {model: a, data: a.jsonl\(first)}
        - {model: b, data: b.jsonl}
      \(more)
      """, path: path, methods: MergeMethods.declarations)
}

/// A mode with something that has no meaning for it, and the error that names the place.
struct WrongMode: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let mode: String
  let method: String
  var parameter = "examples: 5"
  var first = ""
  var more = ""
  let error: RecipeError

  private static let methods = ["fisher-nodes": "mask_fisher", "matena-raffel": "fisher", "dataless": "regmean"]

  /// A key below `parameters` that the mode does not know.
  private static func key(_ mode: String, _ key: String, _ value: String) -> WrongMode {
    let method = methods[mode] ?? ""
    return WrongMode(
      testDescription: "\(mode): \(key)", mode: mode, method: method, parameter: "\(key): \(value)",
      error: .notApplicable(path, line: 4, key: key, method: "\(method) with compatibility \(mode)"))
  }

  private static func method(_ mode: String, _ method: String) -> WrongMode {
    WrongMode(
      testDescription: "\(mode): \(method)", mode: mode, method: method, parameter: "",
      error: .notApplicable(path, line: 2, key: "compatibility: \(mode)", method: method))
  }

  private static func range(
    _ mode: String, parameter: String = "examples: 5", first: String = "", line: Int, key: String, value: String,
    allowed: String
  ) -> WrongMode {
    WrongMode(
      testDescription: "\(mode): \(key) \(value)", mode: mode, method: methods[mode] ?? "", parameter: parameter,
      first: first, error: .outOfRange(path, line: line, key: key, value: value, allowed: allowed))
  }

  private static let keys: [WrongMode] = [
    ("expectation", "expected"), ("draws", "2"), ("preset", "fisher-nodes"), ("rule", "paper"), ("ridge", "1"),
    ("weighting", "sum"), ("bias", "joint"), ("pooler", "mean"), ("floor_order", "after"),
  ].flatMap { name, value in methods.keys.sorted().map { key($0, name, value) } }

  static let all: [WrongMode] =
    keys + [
      key("fisher-nodes", "normalize", "model"), key("fisher-nodes", "off_diagonal", "1"),
      key("fisher-nodes", "sequence_length", "22"), key("fisher-nodes", "floor", "1"),
      key("matena-raffel", "batch_size", "4"), key("matena-raffel", "seed", "1"),
      key("matena-raffel", "max_length", "22"), key("matena-raffel", "off_diagonal", "1"),
      key("dataless", "sequence_length", "22"), key("dataless", "normalize", "none"), key("dataless", "floor", "1"),
    ]
    + methods.keys.sorted().flatMap { mode in
      ["linear", "fisher", "mask_fisher", "regmean", "regmean++"].filter { $0 != methods[mode] }.map {
        method(mode, $0)
      }
    }
    + [
      WrongMode(
        testDescription: "no such mode", mode: "mergekit", method: "fisher",
        error: .unknownValue(
          path, line: 2, key: "compatibility", value: "mergekit", known: ["fisher-nodes", "matena-raffel", "dataless"])),
      WrongMode(
        testDescription: "a norm that the program does not have", mode: "matena-raffel", method: "fisher",
        parameter: "normalize: tensor",
        error: .unknownValue(path, line: 4, key: "normalize", value: "tensor", known: ["none", "global"])),
      WrongMode(
        testDescription: "a floor for another model", mode: "matena-raffel", method: "fisher",
        parameter: "floor_only: b",
        error: .unknownValue(path, line: 4, key: "floor_only", value: "b", known: ["all"])),
      WrongMode(
        testDescription: "merged heads", mode: "dataless", method: "regmean", more: "heads: merge",
        error: .notApplicable(path, line: 8, key: "heads", method: "regmean with compatibility dataless")),
      range(
        "matena-raffel", parameter: "floor: 0", line: 4, key: "floor", value: "0.0",
        allowed: "a number above 0, as the program divides 0 by 0 without a floor"),
      range(
        "matena-raffel", first: ", parameters: {weight: 0}", line: 6, key: "weight", value: "0",
        allowed: "a number above 0 for the first model, which alone has the floor"),
      range(
        "fisher-nodes", first: ", parameters: {weight: 0.5}", line: 6, key: "weight", value: "0.5",
        allowed: "1, as the program that fisher-nodes reproduces has no coefficients"),
      range(
        "fisher-nodes", parameter: "seed: 4294967296", line: 4, key: "seed", value: "4294967296",
        allowed: "a whole number from 0 to 4294967295"),
      range(
        "dataless", parameter: "batch_size: 0", line: 4, key: "batch_size", value: "0",
        allowed: "a whole number from 1"),
      range(
        "matena-raffel", parameter: "sequence_length: 2", line: 4, key: "sequence_length", value: "2",
        allowed: "a whole number from 3"),
    ]
}

@Suite("Compatibility modes in recipes and plans")
struct CompatibilityTests {
  @Test("a mode stands for the program's settings")
  func settings() throws {
    let nodes = try recipe("fisher-nodes", method: "mask_fisher", parameter: "")
    #expect(nodes.compatibility == .fisherNodes(batchSize: 32) && MaskFisherRule(nodes.settings) == .fisherNodesProgram)
    #expect(nodes.sampling.examples == 128 && nodes.sampling.expectation == .empirical && nodes.settings.preset == nil)
    let published = try recipe("matena-raffel", method: "fisher", parameter: "")
    #expect(
      published.compatibility == .matenaRaffel(sequenceLength: 128)
        && DiagonalFisherRule(published.settings) == .matenaRaffel)
    #expect(published.sampling.examples == 4096 && published.sampling.maximumLength == 128)
    #expect(published.sampling.expectation == .expected)
    let dataless = try recipe("dataless", method: "regmean", parameter: "")
    #expect(dataless.compatibility == .dataless(batchSize: 16) && dataless.sampling.examples == 16_000)
    #expect(
      try RegMeanRule(dataless.settings)
        == RegMeanRule(offDiagonal: 1, weighting: .perRow, ridge: 0, bias: .mean, pooler: .regmean, embeddings: .mean))
  }

  @Test("the keys that a mode has are read")
  func keys() throws {
    let nodes = try recipe(
      "fisher-nodes", method: "mask_fisher", parameter: "{batch_size: 8, examples: 9, seed: 4294967295, max_length: 7}")
    #expect(nodes.compatibility == .fisherNodes(batchSize: 8) && nodes.sampling.maximumLength == 7)
    #expect(nodes.compatibility?.draw(nodes.sampling) == .withReplacement(count: 9, seed: .max))
    let published = try recipe(
      "matena-raffel", method: "fisher",
      parameter: "{sequence_length: 22, examples: 9, floor: 0.5, floor_only: all, normalize: none}",
      first: ", parameters: {weight: 0}")
    #expect(
      DiagonalFisherRule(published.settings)
        == DiagonalFisherRule(floor: 0.5, normalize: .none, floorOrder: .beforeNormalizing))
    #expect(published.compatibility == .matenaRaffel(sequenceLength: 22) && published.sampling.maximumLength == 22)
    #expect(published.compatibility?.draw(published.sampling) == .first(count: 9))
    let dataless = try recipe(
      "dataless", method: "regmean", parameter: "{batch_size: 8, off_diagonal: 0.1, examples: 9, seed: 3}",
      more: "heads: keep")
    #expect(dataless.compatibility == .dataless(batchSize: 8))
    #expect(dataless.compatibility?.draw(dataless.sampling) == .shuffled(count: 9, seed: 3))
    let rule = try RegMeanRule(dataless.settings)
    #expect(rule.offDiagonal == 0.1 && rule.ridge == 0)
  }

  @Test("no mode without the key, and no key of a mode without it")
  func never() throws {
    for method in MergeMethods.declarations {
      let text =
        "merge_method: \(method.name)\nbase_model: c\nmodels: [{model: a, data: a.tsv}, {model: b, data: b.tsv}]\n"
      #expect(try Recipe(text: text, path: path, methods: MergeMethods.declarations).compatibility == nil)
      for key in ["batch_size", "sequence_length"] {
        #expect(throws: RecipeError.notApplicable(path, line: 4, key: key, method: method.name)) {
          try Recipe(text: text + "parameters: {\(key): 8}\n", path: path, methods: MergeMethods.declarations)
        }
      }
    }
  }

  @Test("what has no meaning is an error of its line", arguments: WrongMode.all)
  func wrong(_ wrong: WrongMode) {
    #expect(throws: wrong.error) {
      try recipe(wrong.mode, method: wrong.method, parameter: wrong.parameter, first: wrong.first, more: wrong.more)
    }
  }

  @Test("statistics files are no statistics of a mode", arguments: Compatibility.Mode.allCases)
  func statistics(mode: Compatibility.Mode) {
    let text = """
      merge_method: \(mode.method)
      compatibility: \(mode.rawValue)
      models:
        - {model: a, data: a.tsv}
        - {model: b, statistics: b.safetensors}
      """
    #expect(
      throws: RecipeError.notApplicable(
        path, line: 5, key: "statistics", method: "\(mode.method) with compatibility \(mode.rawValue)")
    ) { try Recipe(text: text, path: path, methods: MergeMethods.declarations) }
  }

  @Test("mode and settings are in the plan's hash, and survive the way to other ranks")
  func plans() throws {
    let fixture = try MergeFixture()
    var hashes: Set<String> = []
    let settings: [(method: String, parameters: String, mode: String?)] = [
      ("mask_fisher", "examples: 9, expectation: empirical, preset: fisher-nodes", nil),
      ("mask_fisher", "examples: 9", "fisher-nodes"), ("mask_fisher", "examples: 9, batch_size: 8", "fisher-nodes"),
      ("fisher", "examples: 9, preset: matena-raffel", nil),
      ("fisher", "examples: 9, sequence_length: 22", "matena-raffel"),
      ("fisher", "examples: 9, sequence_length: 24", "matena-raffel"),
      ("regmean", "examples: 9, off_diagonal: 1, ridge: 0", nil), ("regmean", "examples: 9", "dataless"),
      ("regmean", "examples: 9, batch_size: 8", "dataless"),
    ]
    try fixture.plan()
    for (method, parameters, mode) in settings {
      let plan = try fixture.planAsWritten(
        method: method, parameters: parameters, more: mode.map { "compatibility: \($0)" } ?? ""
      ).plan
      let received = try JSONDecoder().decode(Plan.self, from: plan.encoded())
      #expect(try received.encoded() == plan.encoded() && received.compatibility?.mode.rawValue == mode)
      hashes.insert(try plan.hash())
      #expect(plan.text.contains("compatibility") == (mode != nil))
    }
    #expect(hashes.count == settings.count)
  }

  @Test("examples as each program takes them")
  func examples() throws {
    let fixture = try MergeFixture()
    func source(_ method: String, _ parameters: String, _ mode: String) throws -> (PlannedData, TokenizedExamples) {
      let planner = try fixture.plan(method: method, parameters: parameters, more: "compatibility: \(mode)")
      return (
        try #require(planner.plan.models[0].data), try #require(planner.inputs.sources[0].examples)
      )
    }
    let (nodes, drawn) = try source("mask_fisher", "examples: 70, batch_size: 32", "fisher-nodes")
    #expect(nodes.examples == 70 && nodes.rows == 40 && nodes.blocks == 3 && drawn.count < 40)
    #expect(drawn.attendedLengths == (0..<drawn.count).map { drawn.length($0) })
    #expect(drawn.rowIndices == PublishedDraw.withReplacement(count: 70, seed: 0).rows(of: 40))

    let (published, first) = try source("fisher", "examples: 7, sequence_length: 24", "matena-raffel")
    #expect(published.tokens == 7 * 24 && first.rowIndices == Array(0..<7))
    #expect((0..<7).allSatisfy { first.length($0) == 24 && first.attendedLengths[$0] == 24 })
    #expect((0..<7).contains { first[$0].ids.last == 0 })

    let (dataless, counted) = try source("regmean", "batch_size: 8, seed: 4", "dataless")
    #expect(dataless.tokens == counted.tokenCount && counted.count == 40)
    let order = PublishedDraw.shuffled(count: 40, seed: 4).order(of: 40)
    #expect(order != Array(0..<40) && order.sorted() == Array(0..<40))
    for batch in stride(from: 0, to: 40, by: 8).map({ order[$0..<$0 + 8] }) {
      let longest = batch.map { counted.attendedLengths[$0] }.max()
      #expect(batch.allSatisfy { counted.length($0) == longest })
    }
    #expect(counted.attendedLengths != (0..<40).map { counted.length($0) })
  }

  @Test("token types are dropped where the program drops them")
  func tokenTypes() throws {
    let model = try Reference.model("two")
    let examples = try CompatibilityStatistics.examples(for: "two", model)
    #expect(examples.typeIDs.contains(1))
    #expect(Compatibility.padded(examples, inBatches: [[0, 1]], padding: 0).typeIDs.allSatisfy { $0 == 0 })
    let padded = examples.padded(to: Array(repeating: 22, count: 9), with: 7, isAttended: false)
    #expect(padded.typeIDs.contains(1) && (0..<9).allSatisfy { padded.length($0) == 22 })
    for index in 0..<9 {
      #expect(padded[index].ids.prefix(examples.length(index)) == examples[index].ids)
      #expect(padded[index].ids.dropFirst(examples.length(index)).allSatisfy { $0 == 7 })
      #expect(padded.attendedLengths[index] == examples.length(index))
    }
    #expect(try TokenizedExamples(decoding: padded.bytes) == padded)
  }

  @Test("rows are drawn as NumPy's legacy generator draws them")
  func draws() throws {
    let golden = try JSON(
      contentsOf: Reference.directory.appending("golden").appending("compatibility").appending("draws.json"))
    let cases = golden.array ?? []
    #expect(cases.count == 5)
    for draw in cases {
      let drawn = PublishedDraw.withReplacement(
        count: try #require(draw["count"]?.integer), seed: UInt32(try #require(draw["seed"]?.integer)))
      let rows = try #require(draw["rows"]?.integer)
      #expect(drawn.order(of: rows) == draw["indices"]?.array?.compactMap(\.integer), "\(rows) rows")
    }
    #expect(PublishedDraw.withReplacement(count: 3, seed: 0).order(of: 1) == [0, 0, 0])
  }

  @Test("heads that a program has no result for")
  func heads() throws {
    var fixture = try MergeFixture()
    fixture.two = try EditedModel("regression")
    #expect(throws: PlanError.compatibilityHead(model: "two", mode: "matena-raffel")) {
      try fixture.plan(method: "fisher", parameters: "sequence_length: 22", more: "compatibility: matena-raffel")
    }
    try fixture.plan(more: "compatibility: fisher-nodes")
    try fixture.plan(method: "regmean", more: "compatibility: dataless")
    fixture.two = try EditedModel("multilabel")
    try fixture.scratch.write("two.jsonl", #"{"sentence": "the cat", "label": [1, 0, 1]}"# + "\n")
    #expect(throws: PlanError.compatibilityHead(model: "two", mode: "fisher-nodes")) {
      try fixture.plan(more: "compatibility: fisher-nodes")
    }
    #expect(throws: PlanError.compatibilityHead(model: "two", mode: "matena-raffel")) {
      try fixture.plan(method: "fisher", parameters: "sequence_length: 22", more: "compatibility: matena-raffel")
    }
  }

  @Test("families that a program was not reproduced for", arguments: Reference.families)
  func families(model: String) throws {
    let family = try Reference.model(model).family.modelType
    var fixture = try MergeFixture()
    (fixture.two, fixture.three) = (try EditedModel(model), try EditedModel(model))
    try fixture.scratch.write("two.jsonl", #"{"sentence": "the cat", "label": 2}"# + "\n")
    for (method, mode) in [("mask_fisher", "fisher-nodes"), ("regmean", "dataless")] {
      #expect(throws: PlanError.compatibilityFamily(model: "two", mode: mode, family: family)) {
        try fixture.plan(method: method, more: "compatibility: \(mode)")
      }
    }
  }

  @Test("more positions than the model has, and a tokenizer that cannot pad")
  func padding() throws {
    var fixture = try MergeFixture()
    #expect(throws: PlanError.maximumLength(model: "two", key: "sequence_length", asked: 128, limit: 24)) {
      try fixture.plan(method: "fisher", more: "compatibility: matena-raffel")
    }
    #expect(
      PlanError.maximumLength(model: "two", key: "sequence_length", asked: 128, limit: 24).remedy.contains("sequence"))
    for model in [\MergeFixture.two, \.three] { fixture[keyPath: model].vocabulary[0] = "[unused0]" }
    try fixture.plan(more: "compatibility: fisher-nodes")
    #expect(throws: PlanError.noPadding(model: "two", mode: "dataless")) {
      try fixture.plan(method: "regmean", more: "compatibility: dataless")
    }
  }
}
