import Datasets
import Encoders
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import ModelMerging
@testable import Planning
@testable import Recipes

@Suite("How a recipe's data are read")
struct DataReadingTests {
  /// Plans with what stands below the first model.
  private func plan(
    _ fixture: MergeFixture, _ keys: String, parameters: String = ""
  ) throws -> (plan: Plan, inputs: Inputs) {
    try fixture.two.write("two", in: fixture.scratch)
    try fixture.three.write("three", in: fixture.scratch)
    let path = try fixture.scratch.write(
      "recipe.yaml",
      """
      merge_method: mask_fisher
      models:
        - {model: two, \(keys)}
        - {model: three, data: three.jsonl}
      parameters: {\(parameters)}
      """)
    return try Planner.plan(Recipe(path: path, methods: MergeMethods.declarations), environment: [:])
  }

  /// The model `two` with digits for its classes' names.
  private func stars() throws -> MergeFixture {
    var fixture = try MergeFixture()
    fixture.two.config.replace("\"LABEL_0\"", with: "\"1\"")
    fixture.two.config.replace("\"LABEL_1\"", with: "\"2\"")
    try fixture.scratch.write("two.csv", "sentence,label\nthe cat,1\nthe dog,1.0\n")
    return fixture
  }

  @Test("Digits that are names are read as the recipe says, in all files of a model")
  func labels() throws {
    let fixture = try stars()
    let empirical = "expectation: empirical"
    for (word, index) in [("by_name", 0), ("by_number", 1), ("{1: 2}", 1)] {
      let data = "{file: two.csv, labels: \(word)}"
      let source = try plan(
        fixture, "data: \(data), validation: \(data), test: \(data)", parameters: empirical
      ).inputs.sources[0]
      for examples in [source.examples, source.validation, source.test] {
        #expect(examples?.targets == [.label(index), .label(index)])
      }
    }
    let error = DataError.ambiguousLabel(
      file: fixture.path("two.csv").string, line: 2, label: "\"1\"", names: ["1", "2"])
    #expect(throws: error) { try plan(fixture, "data: two.csv", parameters: empirical) }
    #expect(throws: error) { try plan(fixture, "data: two.csv, test: two.csv") }
    #expect(error.remedy.contains("labels: by_name"))
    // Where nobody needs the labels, nobody has to know what they mean.
    #expect(try plan(fixture, "data: two.csv").inputs.sources[0].examples?.targets == [Target.none, .none])
  }

  @Test("What labels mean is part of what a plan stands for")
  func hash() throws {
    let fixture = try stars()
    let hashes = try ["by_name", "by_number"].map {
      try plan(fixture, "data: {file: two.csv, labels: \($0)}", parameters: "expectation: empirical").plan.hash()
    }
    #expect(hashes[0] != hashes[1])
  }

  @Test("Skipped rows are counted by kind, for the plan, its JSON and its text")
  func skipped() throws {
    let fixture = try MergeFixture()
    let rows = "sentence\tlabel\nthe cat\t0\nthe dog\nthe dog\t1\t2\nthe cat\t-\n\t1\nthe dog\t1\n"
    try fixture.scratch.write("two.tsv", rows)
    let data = "{file: two.tsv, on_bad_row: skip}"
    let (plan, inputs) = try plan(fixture, "data: \(data), test: \(data)")
    #expect(inputs.sources[0].examples?.targets == [.label(0), .none, .label(1)])
    #expect(inputs.sources[0].test?.targets == [.label(0), .label(1)])
    let file = fixture.path("two.tsv").string
    #expect(
      plan.models[0].data?.skippedText
        == "\(file): 3 rows skipped (1 with too few fields, 1 with too many fields, 1 without text)")
    #expect(plan.models[0].data?.skippedJSON == ["too_few_fields": 1, "too_many_fields": 1, "no_text": 1])
    #expect(
      plan.models[0].test?.skippedJSON == ["too_few_fields": 1, "too_many_fields": 1, "no_text": 1, "no_label": 1])
    #expect(plan.models[0].data?.rows == 6 && plan.models[1].data?.skippedText == nil)
    #expect(plan.models[1].data?.skippedJSON == .object([]))
    #expect(throws: DataError.fieldCount(file: file, line: 3, expected: 2, found: 1)) {
      try self.plan(fixture, "data: two.tsv")
    }
    // The same on other ranks.
    let decoded = try JSONDecoder().decode(Plan.self, from: plan.encoded())
    #expect(decoded.models[0].test?.skipped == plan.models[0].test?.skipped)
  }

  @Test("Labels of a regression are no classes")
  func regression() throws {
    var fixture = try MergeFixture()
    fixture.two = try EditedModel("regression")
    let file = try fixture.scratch.write("two.csv", "sentence,label\nthe cat,0.5\n")
    #expect(throws: DataError.labelsWithoutClasses(file: file.string)) {
      try plan(fixture, "data: {file: two.csv, labels: by_name}")
    }
  }
}
