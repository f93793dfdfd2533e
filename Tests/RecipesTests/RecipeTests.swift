import Estimation
import Merging
import SystemPackage
import Testing

@testable import ModelMerging
@testable import Recipes

private let path: FilePath = "recipes/mine.yaml"

private func recipe(_ text: String) throws -> Recipe {
  try Recipe(text: text, path: path, methods: MergeMethods.declarations)
}

/// A recipe of two models whose `parameters` are the given lines.
private func recipe(_ method: String, _ parameters: String) throws -> Recipe {
  try recipe(
    """
    merge_method: \(method)
    models:
      - {model: m/a, data: d/a.jsonl}
      - {model: m/b, data: d/b.jsonl}
    parameters: {\(parameters)}
    """)
}

@Suite("Recipes")
struct RecipeTests {
  @Test("every key outside `parameters` is read")
  func allKeys() throws {
    let read = try recipe(
      """
      merge_method: mask_fisher
      base_model: org/base
      dtype: float16
      out_dtype: bfloat16
      models:
        - name: first
          model: models/one
          data: {file: data/one.tsv, columns: [question, text], label: gold}
          parameters: {weight: 0.25}
        - model: models/two
          data: data/two.jsonl
      """)
    #expect(read.method.name == "mask_fisher")
    #expect(read.baseModel == "org/base")
    #expect(read.outputType == .bfloat16)
    #expect(read.models.map(\.name) == ["first", "two"])
    #expect(read.models.map(\.model) == ["models/one", "models/two"])
    #expect(read.models.map(\.weight) == [0.25, 1])
    #expect(read.models.map(\.line) == [6, 10])
    #expect(read.models.map { $0.data?.file } == ["data/one.tsv", "data/two.jsonl"])
    #expect(read.models[0].data?.columns == ["question", "text"] && read.models[0].data?.label == "gold")
    #expect(read.models[1].data?.columns == nil && read.models[1].data?.label == nil)
    #expect(read.directory == "recipes" && read.text.hasPrefix("merge_method: mask_fisher\n"))
  }

  @Test("what a recipe leaves out has the documented value")
  func defaults() throws {
    for parameters in ["", "examples: null"] {
      let fisher = try recipe("fisher", parameters)
      #expect(DiagonalFisherRule(fisher.settings) == DiagonalFisherRule(floor: 1e-6, normalize: .tensor))
      #expect(fisher.settings.preset == nil && fisher.baseModel == nil && fisher.outputType == .float32)
      #expect(fisher.sampling.examples == nil && fisher.sampling.expectation == .expected)
      #expect(fisher.sampling.seed == 0 && fisher.sampling.maximumLength == nil)
      #expect(
        MaskFisherRule(try recipe("mask_fisher", parameters).settings)
          == MaskFisherRule(rule: .structural, normalize: .model, tokenNodes: true))
    }
    let linear = try recipe("merge_method: linear\nmodels: [{model: a}, {model: b}]")
    #expect(linear.settings.method == "linear" && linear.models.allSatisfy { $0.data == nil && $0.weight == 1 })
    // The output is written in the working type where only that is given, as mergekit does.
    #expect(
      try recipe("merge_method: linear\ndtype: float16\nmodels: [{model: a}, {model: b}]").outputType == .float16)
  }

  @Test("every key of sampling is read")
  func sampling() throws {
    let sampling = try recipe("fisher", "examples: 512, expectation: sampled, draws: 4, seed: 7, max_length: 64")
      .sampling
    #expect(sampling.examples == 512 && sampling.expectation == .sampled(draws: 4))
    #expect(sampling.seed == 7 && sampling.maximumLength == 64)
    #expect(try recipe("fisher", "expectation: sampled").sampling.expectation == .sampled(draws: 1))
    #expect(try recipe("fisher", "expectation: sketched").sampling.expectation == .sketched(draws: 2))
    #expect(try recipe("fisher", "expectation: sketched, draws: 5").sampling.expectation == .sketched(draws: 5))
    #expect(try recipe("fisher", "expectation: empirical").sampling.expectation == .empirical)
    #expect(try recipe("mask_fisher", "expectation: argmax").sampling.expectation == .argmax)
    #expect(try recipe("fisher", "expectation: expected").sampling.expectation == .expected)
  }

  @Test("every key of the rules is read")
  func rules() throws {
    #expect(
      DiagonalFisherRule(
        try recipe("fisher", "floor: 0.5, normalize: global, floor_order: before, floor_only: b").settings)
        == DiagonalFisherRule(floor: 0.5, normalize: .global, floorOrder: .beforeNormalizing, floorOnly: 1))
    #expect(
      DiagonalFisherRule(try recipe("fisher", "floor: 0, normalize: none, floor_order: after").settings)
        == DiagonalFisherRule(floor: 0, normalize: .none))
    #expect(
      MaskFisherRule(try recipe("mask_fisher", "rule: paper, normalize: none").settings)
        == MaskFisherRule(rule: .paper, normalize: .none, tokenNodes: true))
    let masks = try recipe("mask_fisher", "rule: structural, normalize: model, token_nodes: false")
    #expect(MaskFisherRule(masks.settings) == MaskFisherRule(rule: .structural, normalize: .model))
    #expect(masks.statistics == [.maskFisher])
    #expect(try recipe("mask_fisher", "").statistics == [.maskFisher, .tokenFisher])
    #expect(try recipe("mask_fisher", "preset: fisher-nodes").statistics == [.maskFisher])
  }

  @Test("a preset stands for the published settings, and single keys change it")
  func presets() throws {
    let nodes = try recipe("mask_fisher", "preset: fisher-nodes")
    #expect(nodes.settings.preset == "fisher-nodes")
    #expect(MaskFisherRule(nodes.settings) == MaskFisherRule(rule: .paper, normalize: .none))
    let changed = try recipe("mask_fisher", "preset: fisher-nodes, normalize: model")
    #expect(MaskFisherRule(changed.settings) == MaskFisherRule(rule: .paper, normalize: .model))
    let published = try recipe("fisher", "preset: matena-raffel")
    #expect(
      DiagonalFisherRule(published.settings)
        == DiagonalFisherRule(floor: 1e-6, normalize: .global, floorOrder: .beforeNormalizing, floorOnly: 0))
    #expect(
      DiagonalFisherRule(try recipe("fisher", "preset: matena-raffel, floor: 0.001, floor_only: b").settings)
        == DiagonalFisherRule(floor: 1e-3, normalize: .global, floorOrder: .beforeNormalizing, floorOnly: 1))
  }

  @Test("a recipe that is no file or no text says so")
  func unreadable() throws {
    #expect(throws: RecipeError.unreadable("no/such.yaml", reason: "there is no such file")) {
      try Recipe(path: "no/such.yaml", methods: [])
    }
    let error = RecipeError.unreadable("no/such.yaml", reason: "there is no such file")
    #expect(error.exitCode == .missingInput && error.subject == "no/such.yaml")
  }
}

/// A recipe that is wrong, and the error that names the place.
struct WrongRecipe: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let text: String
  let error: RecipeError

  init(_ description: String, _ text: String, _ error: RecipeError) {
    (testDescription, self.text, self.error) = (description, text, error)
  }

  /// A recipe whose third line is one of `parameters`.
  init(_ description: String, method: String = "fisher", parameter: String, _ error: RecipeError) {
    self.init(
      description,
      """
      merge_method: \(method)
      parameters:
        \(parameter)
      models:
        - {model: a, data: a.jsonl}
        - {model: b, data: b.jsonl}
      """, error)
  }

  /// A linear recipe whose second entry, on line 4, is `entry`.
  init(_ description: String, entry: String, _ error: RecipeError) {
    self.init(
      description,
      """
      merge_method: linear
      models:
        - {model: a}
        - \(entry)
      """, error)
  }

  private static let topKeys = [
    "merge_method", "models", "base_model", "parameters", "dtype", "out_dtype", "heads", "compatibility",
  ]
  private static let entryKeys = ["name", "model", "data", "statistics", "validation", "test", "parameters"]
  private static let parameterKeys =
    ["examples", "expectation", "draws", "seed", "max_length"]
    + Set(MergeMethods.declarations.flatMap { $0.settings + $0.modelSettings }.map(\.key) + ["preset"]).sorted()
    + ["batch_size", "sequence_length"]

  static let all: [WrongRecipe] = [
    // Structure.
    WrongRecipe("empty", "", .missingKey(path, line: 1, key: "merge_method")),
    WrongRecipe("only a comment", "# nothing\n", .missingKey(path, line: 1, key: "merge_method")),
    WrongRecipe(
      "a list", "- a\n- b\n",
      .wrongType(
        path, line: 1, key: "a recipe", expected: "a mapping of \(topKeys.joined(separator: ", "))")),
    WrongRecipe("no method", "models: [{model: a}, {model: b}]", .missingKey(path, line: 1, key: "merge_method")),
    WrongRecipe("no models", "merge_method: linear\n", .missingKey(path, line: 1, key: "models")),
    WrongRecipe(
      "models is no list", "merge_method: linear\nmodels: a\n",
      .wrongType(path, line: 2, key: "models", expected: "a list with at least one entry")),
    WrongRecipe(
      "models is empty", "merge_method: linear\n\nmodels: []\n",
      .wrongType(path, line: 3, key: "models", expected: "a list with at least one entry")),
    WrongRecipe(
      "a single model", "merge_method: linear\nmodels: [{model: a}]\n",
      .outOfRange(path, line: 2, key: "models", value: "a single entry", allowed: "at least two models")),
    // Unknown keys at each level, with the nearest known one.
    WrongRecipe(
      "unknown key", "merge_metod: linear\nmodels: [{model: a}, {model: b}]",
      .unknownKey(path, line: 1, key: "merge_metod", nearest: "merge_method", known: topKeys)),
    WrongRecipe(
      "unknown key without a near one", "merge_method: linear\nslices: []\nmodels: [{model: a}, {model: b}]",
      .unknownKey(path, line: 2, key: "slices", nearest: nil, known: topKeys)),
    WrongRecipe(
      "unknown key of a model", entry: "{modle: b}",
      .unknownKey(path, line: 4, key: "modle", nearest: "model", known: entryKeys)),
    WrongRecipe(
      "unknown key of a model's parameters", entry: "{model: b, parameters: {wieght: 1}}",
      .unknownKey(path, line: 4, key: "wieght", nearest: "weight", known: ["weight"])),
    WrongRecipe(
      "unknown key of data", entry: "{model: b, data: {file: b, column: [c]}}",
      .unknownKey(
        path, line: 4, key: "column", nearest: "columns",
        known: ["file", "columns", "label", "labels", "on_bad_row"])),
    WrongRecipe(
      "unknown parameter", parameter: "expectations: expected",
      .unknownKey(path, line: 3, key: "expectations", nearest: "expectation", known: parameterKeys)),
    WrongRecipe(
      "twice the same key", "merge_method: linear\nmodels: [{model: a}, {model: b}]\nmerge_method: fisher\n",
      .repeatedKey(path, line: 3, key: "merge_method")),
    // Values.
    WrongRecipe(
      "unknown method", "merge_method: slerp\nmodels: [{model: a}, {model: b}]",
      .unknownValue(
        path, line: 1, key: "merge_method", value: "slerp",
        known: MergeMethods.declarations.map(\.name))),
    WrongRecipe(
      "unknown type", "merge_method: linear\nmodels: [{model: a}, {model: b}]\nout_dtype: int8",
      .unknownValue(
        path, line: 3, key: "out_dtype", value: "int8", known: ["float32", "float16", "bfloat16"])),
    WrongRecipe(
      "unknown expectation", parameter: "expectation: true_fisher",
      .unknownValue(
        path, line: 3, key: "expectation", value: "true_fisher",
        known: ["expected", "empirical", "sampled", "sketched", "argmax"])),
    WrongRecipe(
      "floor_only names no model", parameter: "floor_only: c",
      .unknownValue(path, line: 3, key: "floor_only", value: "c", known: ["a", "b"])),
    WrongRecipe(
      "no examples", parameter: "examples: 0",
      .outOfRange(path, line: 3, key: "examples", value: "0", allowed: "a whole number from 1")),
    WrongRecipe(
      "too many draws", parameter: "{expectation: sampled, draws: 1001}",
      .outOfRange(path, line: 3, key: "draws", value: "1001", allowed: "a whole number from 1 to 1000")),
    WrongRecipe(
      "examples is no number", parameter: "examples: many",
      .wrongType(path, line: 3, key: "examples", expected: "a whole number")),
    WrongRecipe(
      "a negative floor", parameter: "floor: -1",
      .outOfRange(
        path, line: 3, key: "floor", value: "-1.0", allowed: "a finite number that is at least 0")),
    WrongRecipe(
      "a weight that is no number", entry: "{model: b, parameters: {weight: heavy}}",
      .wrongType(path, line: 4, key: "weight", expected: "a number")),
    WrongRecipe(
      "an infinite weight", entry: "{model: b, parameters: {weight: .inf}}",
      .outOfRange(
        path, line: 4, key: "weight", value: "inf", allowed: "a finite number that is at least 0")),
    WrongRecipe(
      "columns is no list", entry: "{model: b, data: {file: b, columns: text}}",
      .wrongType(path, line: 4, key: "columns", expected: "a list with at least one entry")),
    WrongRecipe("a model without a path", entry: "{name: b}", .missingKey(path, line: 4, key: "model")),
    WrongRecipe("data without a file", entry: "{model: b, data: {label: l}}", .missingKey(path, line: 4, key: "file")),
    // Keys that do not go together.
    WrongRecipe(
      "data is missing", "merge_method: fisher\nmodels:\n  - {model: a, data: a.jsonl}\n  - {model: b}\n",
      .missingKey(path, line: 4, key: "data")),
    WrongRecipe(
      "a key of another method", method: "mask_fisher", parameter: "floor: 1",
      .notApplicable(path, line: 3, key: "floor", method: "mask_fisher")),
    WrongRecipe(
      "examples without statistics", method: "linear", parameter: "examples: 5",
      .notApplicable(path, line: 3, key: "examples", method: "linear")),
    WrongRecipe(
      "another method's preset", parameter: "preset: fisher-nodes",
      .unknownValue(path, line: 3, key: "preset", value: "fisher-nodes", known: ["matena-raffel"])),
    WrongRecipe(
      "draws without sampling", parameter: "draws: 2",
      .notApplicable(path, line: 3, key: "draws", method: "with expectation expected")),
    // RegMean and statistics files.
    WrongRecipe(
      "more than all of the off-diagonal", method: "regmean", parameter: "off_diagonal: 1.5",
      .outOfRange(path, line: 3, key: "off_diagonal", value: "1.5", allowed: "a number from 0 to 1")),
    WrongRecipe(
      "an expectation for Gram matrices", method: "regmean", parameter: "expectation: expected",
      .notApplicable(path, line: 3, key: "expectation", method: "regmean")),
    WrongRecipe(
      "data and statistics of one model",
      "merge_method: fisher\nmodels:\n  - {model: a, data: a.jsonl}\n  - {model: b, data: b.jsonl, statistics: b.safetensors}\n",
      .notApplicable(path, line: 4, key: "statistics", method: "a model with data")),
    WrongRecipe(
      "statistics for RegMean++",
      "merge_method: regmean++\nmodels:\n  - {model: a, data: a.jsonl}\n  - {model: b, statistics: b.safetensors}\n",
      .notApplicable(path, line: 4, key: "statistics", method: "regmean++")),
    WrongRecipe(
      "statistics in place of data for distill",
      "merge_method: distill\nmodels:\n  - {model: a, data: a.jsonl}\n  - {model: b, statistics: b.safetensors}\n",
      .missingKey(path, line: 4, key: "data")),
    WrongRecipe(
      "an expectation where all outputs count the same", method: "distill",
      parameter: "{output_metric: identity, expectation: sketched}",
      .notApplicable(path, line: 3, key: "expectation", method: "distill without gradients")),
    WrongRecipe(
      "a choice of examples where all statistics are given",
      "merge_method: fisher\nparameters:\n  examples: 5\nmodels:\n  - {model: a, statistics: a.st}\n  - {model: b, statistics: b.st}\n",
      .notApplicable(path, line: 3, key: "examples", method: "fisher")),
    // Names.
    WrongRecipe("a name with a slash", entry: "{model: b, name: x/y}", .invalidName(path, line: 4, name: "x/y")),
    WrongRecipe("a hidden name", entry: "{model: b, name: .x}", .invalidName(path, line: 4, name: ".x")),
    WrongRecipe(
      "a name too long for a file", entry: "{model: b, name: \(String(repeating: "x", count: 181))}",
      .invalidName(path, line: 4, name: String(repeating: "x", count: 181))),
    WrongRecipe("the backbone's name", entry: "{model: my/backbone}", .invalidName(path, line: 4, name: "backbone")),
    WrongRecipe("the same in capitals", entry: "{model: BackBone}", .invalidName(path, line: 4, name: "BackBone")),
    WrongRecipe(
      "the manifest's name", entry: "{model: b, name: Manifest.json}",
      .invalidName(path, line: 4, name: "Manifest.json")),
    WrongRecipe("a name with spaces", entry: "{model: a b}", .invalidName(path, line: 4, name: "a b")),
    WrongRecipe("the same name twice", entry: "{model: other/a}", .duplicateName(path, line: 4, name: "a")),
  ]
}

@Suite("Wrong recipes")
struct WrongRecipeTests {
  @Test("the error names line, key and remedy", arguments: WrongRecipe.all)
  func error(wrong: WrongRecipe) {
    #expect(throws: wrong.error) { try recipe(wrong.text) }
    #expect(wrong.error.exitCode == .usage)
    #expect(wrong.error.subject.hasPrefix("recipes/mine.yaml:"))
  }

  @Test("what is no YAML at all is an error of the line")
  func noYAML() throws {
    do {
      _ = try recipe("merge_method: linear\nmodels: [{model: a}\nout_dtype: float32\n")
      Issue.record("the recipe was read")
    } catch RecipeError.invalidYAML(let file, let line, let reason) {
      #expect(file == path && line == 3 && !reason.isEmpty, "line \(line): \(reason)")
    }
  }

  @Test("a misspelled key is answered with the nearest known one")
  func suggestion() {
    let error = RecipeError.unknownKey(path, line: 2, key: "modles", nearest: "models", known: ["models", "dtype"])
    #expect(
      error.description
        == "recipes/mine.yaml:2: unknown key `modles`\n  hint: did you mean `models`? known here: models, dtype")
  }
}
