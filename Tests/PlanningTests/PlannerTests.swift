import Checkpoints
import Datasets
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import Merging
import SystemPackage
import TestSupport
import Testing

@testable import ModelMerging
@testable import Planning
@testable import Recipes

@Suite("What is refused before any work")
struct PlannerTests {
  private let query = "bert.encoder.layer.1.attention.self.query.weight"

  @Test("models without a defect are planned")
  func sound() throws {
    let fixture = try MergeFixture()
    let planner = try fixture.plan(parameters: "examples: 20, max_length: 24", weight: "0.5", more: "base_model: two")
    #expect(planner.plan.models.map(\.name) == ["two", "three"] && planner.plan.models.map(\.weight) == [0.5, 1])
    #expect(planner.plan.models.map { $0.data?.rows } == [40, 30])
    #expect(planner.plan.models.map { $0.data?.examples } == [20, 20])
    #expect(planner.inputs.sources.map { $0.examples?.count } == [20, 20])
    #expect(planner.plan.models.map(\.configuration.outputs) == [2, 3])
    #expect(planner.plan.statistics == [.maskFisher, .tokenFisher])
    #expect(planner.inputs.base?.directory == fixture.path("two"))
    #expect(planner.plan.models[0].data?.tokens == planner.inputs.sources[0].examples?.tokenCount)
  }

  @Test("a plain average looks at no data")
  func linear() throws {
    let fixture = try MergeFixture()
    try FileManager.default.removeItem(atPath: fixture.path("two.jsonl").string)
    let planner = try fixture.plan(method: "linear")
    #expect(planner.plan.models.allSatisfy { $0.data == nil } && planner.plan.statistics.isEmpty)
  }

  // MARK: Weights

  @Test("a missing tensor")
  func missingTensor() throws {
    var fixture = try MergeFixture()
    fixture.three.tensors.remove(at: try fixture.three.index(query))
    #expect(throws: ModelError.missingTensor(fixture.path("three"), tensor: query)) { try fixture.plan() }
  }

  @Test("an unknown tensor")
  func unknownTensor() throws {
    var fixture = try MergeFixture()
    fixture.three.tensors.append(EditedModel.Tensor(name: "bert.adapter.weight", shape: [1], values: [0]))
    #expect(throws: ModelError.unknownTensor(fixture.path("three"), tensor: "bert.adapter.weight")) {
      try fixture.plan()
    }
  }

  @Test("a tensor of the wrong shape")
  func wrongShape() throws {
    var fixture = try MergeFixture()
    let index = try fixture.three.index(query)
    fixture.three.tensors[index].shape = [9, 36]
    #expect(
      throws: ModelError.wrongShape(fixture.path("three"), tensor: query, expected: [18, 18], found: [9, 36])
    ) { try fixture.plan() }
  }

  @Test("NaN and infinity in weights are named by tensor and place", arguments: [Double.nan, .infinity])
  func notFinite(value: Double) throws {
    var fixture = try MergeFixture()
    fixture.three[query][20] = value
    let file = fixture.path("three").appending("model.safetensors")
    #expect(throws: TensorAccessError.notFinite(file, tensor: query, index: [1, 2])) { try fixture.plan() }
    // A plain average does not evaluate the model, and must not write what is broken either.
    #expect(throws: TensorAccessError.notFinite(file, tensor: query, index: [1, 2])) {
      try fixture.plan(method: "linear")
    }
  }

  @Test("a model that is a bare encoder has no head to keep")
  func noHead() throws {
    var fixture = try MergeFixture()
    fixture.three.tensors.removeAll { $0.name.hasPrefix("classifier.") }
    #expect(throws: PlanError.noHead(fixture.path("three"))) { try fixture.plan() }
  }

  @Test("a directory that is not there, and one with a pickle that is none")
  func noModel() throws {
    let fixture = try MergeFixture()
    try fixture.two.write("two", in: fixture.scratch)
    #expect(throws: ModelReferenceError.notFound("three", places: [fixture.path("three")])) {
      try fixture.planAsWritten()
    }
    try fixture.three.write("three", in: fixture.scratch)
    let pickle = fixture.path("three").appending("pytorch_model.bin")
    try FileManager.default.moveItem(
      atPath: fixture.path("three").appending("model.safetensors").string, toPath: pickle.string)
    #expect(throws: WeightsError.pickle(.format(pickle, .safetensors))) { try fixture.planAsWritten() }
    try FileManager.default.removeItem(atPath: pickle.string)
    #expect(throws: WeightsError.noWeights(fixture.path("three"))) { try fixture.planAsWritten() }
  }

  // MARK: Models that do not fit together

  @Test("different sizes are named by their key")
  func differentSizes() throws {
    let fixture = try MergeFixture()
    try fixture.two.write("two", in: fixture.scratch)
    try EditedModel("shallow").write("three", in: fixture.scratch)
    #expect(
      throws: PlanError.incompatibleModels(first: "two", second: "three", key: "hidden_size", values: ["18", "20"])
    ) { try fixture.planAsWritten() }
  }

  @Test("different numbers of heads fit by shape and are refused all the same")
  func differentHeads() throws {
    var fixture = try MergeFixture()
    fixture.three.config = fixture.three.config.replacing(
      "\"num_attention_heads\": 3", with: "\"num_attention_heads\": 2")
    #expect(
      throws: PlanError.incompatibleModels(
        first: "two", second: "three", key: "num_attention_heads", values: ["3", "2"])
    ) { try fixture.plan() }
  }

  @Test("a base model of other sizes")
  func differentBase() throws {
    let fixture = try MergeFixture()
    try EditedModel("shallow").write("base", in: fixture.scratch)
    #expect(
      throws: PlanError.incompatibleModels(
        first: "base_model", second: "two", key: "hidden_size", values: ["20", "18"])
    ) { try fixture.plan(more: "base_model: base") }
  }

  @Test("vocabularies of one size with two words exchanged")
  func differentVocabularies() throws {
    var fixture = try MergeFixture()
    let (cat, dog) = (
      try #require(fixture.three.vocabulary.firstIndex(of: "cat")),
      try #require(fixture.three.vocabulary.firstIndex(of: "dog"))
    )
    fixture.three.vocabulary.swapAt(cat, dog)
    do {
      try fixture.plan()
      Issue.record("the models were planned")
    } catch PlanError.incompatibleTokenizers(let first, let second, let difference) {
      #expect(first == "two" && second == "three" && difference.contains("cat") && difference.contains("dog"))
    }
  }

  @Test("a tokenizer that makes ids without an embedding")
  func vocabularyTooLarge() throws {
    var fixture = try MergeFixture()
    fixture.two.vocabulary.append("unheard")
    #expect(throws: PlanError.vocabularySize(fixture.path("two"), tokenizer: 51, model: 50)) { try fixture.plan() }
  }

  @Test("weights that cannot be divided by")
  func zeroWeights() throws {
    let fixture = try MergeFixture()
    try fixture.two.write("two", in: fixture.scratch)
    try fixture.three.write("three", in: fixture.scratch)
    let recipe = try Recipe(
      text:
        """
        merge_method: linear
        models:
          - {model: two, parameters: {weight: 0}}
          - {model: three, parameters: {weight: 0}}
        """,
      path: fixture.path("recipe.yaml"), methods: MergeMethods.declarations)
    #expect(throws: MergingError.self) { try Planner.plan(recipe, environment: [:]) }
  }

  // MARK: Data

  @Test("a label outside the label map, by file and line")
  func labelOutsideMap() throws {
    let fixture = try MergeFixture()
    let file = try fixture.scratch.write(
      "three.jsonl", #"{"sentence": "the cat", "label": 2}"# + "\n" + #"{"sentence": "the dog", "label": 3}"# + "\n")
    #expect(
      throws: DataError.labelOutsideMap(
        file: file.string, line: 2, label: "3", names: ["LABEL_0", "LABEL_1", "LABEL_2"])
    ) { try fixture.plan() }
  }

  @Test("an empty data file, and one that is not there")
  func emptyData() throws {
    let fixture = try MergeFixture()
    let file = try fixture.scratch.write("three.jsonl", "\n")
    #expect(throws: DataError.noExamples(file: file.string)) { try fixture.plan() }
    try FileManager.default.removeItem(atPath: file.string)
    do {
      try fixture.plan()
      Issue.record("the models were planned")
    } catch DataError.unreadable(let name, _, let isMissing) {
      #expect(name == file.string && isMissing)
    }
  }

  @Test("text that yields no token, by file and line")
  func noTokens() throws {
    let fixture = try MergeFixture()
    let file = try fixture.scratch.write(
      "two.jsonl", #"{"sentence": "the cat", "label": 0}"# + "\n\n" + #"{"sentence": " \u0001 ", "label": 1}"# + "\n")
    #expect(throws: DataError.noTokens(file: file.string, line: 3)) { try fixture.plan() }
  }

  @Test("the empirical Fisher of data without labels; the others need none")
  func labelsWhereNeeded() throws {
    let fixture = try MergeFixture()
    let file = try fixture.scratch.write("two.jsonl", #"{"sentence": "the cat"}"# + "\n")
    #expect(throws: DataError.missingColumn(file: file.string, column: "label", found: ["sentence"])) {
      try fixture.plan(parameters: "expectation: empirical")
    }
    let planner = try fixture.plan()
    #expect(planner.inputs.sources[0].examples?.targets == [Target.none])
  }

  @Test("the argmax of a regression head has a gradient of zero")
  func argmaxOfRegression() throws {
    var fixture = try MergeFixture()
    fixture.two = try EditedModel("regression")
    #expect(throws: EstimationError.undefinedForRegression) { try fixture.plan(parameters: "expectation: argmax") }
    try fixture.plan(parameters: "expectation: expected")
  }

  @Test("a regression with several outputs has statistics and merges, but no scores")
  func severalNumbers() throws {
    var fixture = try MergeFixture()
    fixture.three.config.replace("single_label_classification", with: "regression")
    let file = try fixture.scratch.write("three.jsonl", #"{"sentence": "the cat", "label": [0.5, -1, 2]}"# + "\n")
    let planner = try fixture.plan(parameters: "expectation: empirical")
    #expect(planner.plan.models[1].configuration.problem == .regression)
    #expect(planner.plan.models[1].configuration.outputs == 3)
    #expect(planner.inputs.sources[1].examples?.targets == [.values([0.5, -1, 2])])
    for key in ["test", "validation"] {
      let recipe = try fixture.scratch.write(
        "scored.yaml", "merge_method: linear\nmodels: [{model: two}, {model: three, \(key): three.jsonl}]\n")
      #expect(throws: PlanError.noMetric(model: "three", file: file)) {
        try Planner.plan(Recipe(path: recipe, methods: MergeMethods.declarations), environment: [:])
      }
    }
  }

  @Test("models with the same tokenizer files and other classes have tokenizers of their own")
  func tokenizerClasses() throws {
    let fixture = try MergeFixture()
    try fixture.two.write("two", in: fixture.scratch)
    try fixture.three.write("three", in: fixture.scratch)
    for (name, tokenizer) in [("two", "BertTokenizer"), ("three", "DistilBertTokenizer")] {
      let config = try String(contentsOfFile: fixture.path("\(name)/config.json").string, encoding: .utf8)
      try fixture.scratch.write(
        "\(name)/config.json", "{\"tokenizer_class\": \"\(tokenizer)\", \(config.drop { $0 != "{" }.dropFirst())")
      try fixture.scratch.write("\(name)/tokenizer_config.json", "{}")
    }
    #expect(throws: PlanError.self) { try fixture.planAsWritten() }
  }

  @Test("more positions than the model has")
  func maximumLength() throws {
    let fixture = try MergeFixture()
    #expect(throws: PlanError.maximumLength(model: "two", asked: 25, limit: 24)) {
      try fixture.plan(parameters: "max_length: 25")
    }
  }

  @Test("positions behind the padding's id leave fewer tokens than the table has rows")
  func maximumLengthOfRoberta() throws {
    var fixture = try MergeFixture()
    (fixture.two, fixture.three) = (try EditedModel("roberta"), try EditedModel("roberta"))
    var text = SyntheticText(seed: 1)
    try fixture.scratch.write("two.jsonl", #"{"sentence": "\#(text.sentence(words: 60))", "label": 2}"# + "\n")
    let planner = try fixture.plan()
    #expect(planner.inputs.sources[0].examples?.length(0) == 24)
    #expect(throws: PlanError.maximumLength(model: "two", asked: 25, limit: 24)) {
      try fixture.planAsWritten(parameters: "max_length: 25")
    }
  }

  @Test("pairs of texts for a model with one token type")
  func tokenTypes() throws {
    var fixture = try MergeFixture()
    for model in [\MergeFixture.two, \.three] {
      fixture[keyPath: model].config.replace("\"type_vocab_size\": 2", with: "\"type_vocab_size\": 1")
      let index = try fixture[keyPath: model].index("bert.embeddings.token_type_embeddings.weight")
      fixture[keyPath: model].tensors[index].shape = [1, 18]
      fixture[keyPath: model].tensors[index].values.removeLast(18)
    }
    let file = try fixture.scratch.write(
      "two.jsonl", #"{"sentence1": "the cat", "sentence2": "a dog", "label": 1}"# + "\n")
    #expect(throws: PlanError.noTokenTypes(model: "two", file: file, types: 1)) { try fixture.plan() }
  }
}
