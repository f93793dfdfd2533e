import Checkpoints
import Datasets
import SystemPackage
import Testing

@testable import ModelMerging
@testable import Recipes

@Suite("The data of a recipe")
struct RecipeDataTests {
  private let path: FilePath = "r.yaml"

  private func recipe(_ data: String) throws -> Recipe {
    try Recipe(
      text: "merge_method: fisher\nmodels:\n  - {model: a, data: a.csv}\n  - model: b\n\(data)\n", path: path,
      methods: MergeMethods.declarations)
  }

  private func data(_ keys: String) throws -> Recipe.Data? {
    try recipe("    data: {file: b.csv, \(keys)}").models[1].data
  }

  private func error(_ data: String) -> RecipeError? {
    do { _ = try recipe(data) } catch { return error as? RecipeError }
    return nil
  }

  @Test("What labels are and what is done about bad rows is read, of each file")
  func keys() throws {
    #expect(try data("label: x")?.labels == .recognized && data("label: x")?.badRows == .error)
    for word in ["by_name", "by-name"] { #expect(try data("labels: \(word)")?.labels == .byName) }
    #expect(try data("labels: by_number")?.labels == .byNumber)
    #expect(
      try data("labels: {0: bad, \"1\": good, true: 2, \"-\": bad}")?.labels
        == .listed([.init("0", "bad"), .init("1", "good"), .init("true", "2"), .init("-", "bad")]))
    #expect(try data("on_bad_row: skip")?.badRows == .skip && data("on_bad_row: error")?.badRows == .error)
    let model = try recipe(
      """
          data: b.csv
          validation: {file: v.csv, labels: by_number}
          test: {file: t.csv, labels: {x: y}, on_bad_row: skip}
      """
    ).models[1]
    #expect(model.data?.labels == .recognized && model.validation?.labels == .byNumber)
    #expect(model.test?.labels == .listed([.init("x", "y")]) && model.test?.badRows == .skip)
  }

  @Test(
    "What means nothing is refused",
    arguments: [
      "labels: names", "labels: []", "labels: {}", "labels: {a: [b]}", "labels: [by_name]", "on_bad_row: drop",
    ])
  func refused(keys: String) {
    let found = error("    data: {file: b.csv, \(keys)}")
    switch found {
    case .unknownValue(path, line: 5, _, _, _), .wrongType(path, line: 5, key: "labels", _): break
    default: Issue.record("\(found.debugDescription)")
    }
  }

  @Test(
    "The number of a column without quotes is a comment, and is said to be one",
    arguments: [
      ("    data:\n      file: b.csv\n      label: #2", 7, "#2"), ("    data: {file: b.csv, label: #12}", 5, "#12"),
      ("    data: {file: b.csv, columns: [#1, #2]}", 5, "#1"),
      ("    data: {file: b.csv, columns: [text, #2]}", 5, "#2"),
      ("    data: {file: b.csv, columns: [\"#1\", #2], label: x}", 5, "#2"),
      ("    data:\n      file: b.csv\n      columns:\n        - #4\n", 8, "#4"),
      ("    data:\n      file: b.csv\n      columns:\n\n        - text\n        - #4 \r\n", 10, "#4"),
      ("    data:\n      file: b.csv\n      label: #2 # of four", 7, "#2"),
    ])
  func comments(data: String, line: Int, value: String) {
    let found = error(data)
    #expect(found == .commentedValue(path, line: line, value: value))
    #expect(found?.remedy.contains("\"\(value)\"") == true)
  }

  @Test(
    "Other comments are comments",
    arguments: [
      "    data: {file: b.csv, label: \"#2\"} # label: #2x", "    data: {file: b.csv, columns: ['#1', '#2']} #1",
      "    data: b.csv #2", "    # label: #2\n    data: b.csv", "    data: b#2.csv",
      "    data:\n      file: b.csv\n      columns: # two of them\n        - a\n        - b #2",
      "  - #3\n    model: c\n    data: c.csv",
    ])
  func otherComments(data: String) throws {
    let text = data.hasPrefix("  - ") ? "    data: b.csv\n\(data)" : data
    #expect(throws: Never.self) { try recipe(text) }
  }

  @Test("Heads that are solved anew need every model's data, also beside its statistics")
  func resolvedHeads() throws {
    func read(_ method: String, _ second: String, _ heads: String) throws -> Recipe {
      try Recipe(
        text: """
          merge_method: \(method)
          heads: \(heads)
          models:
            - {model: m/a, data: d/a.jsonl}
            - {model: m/b\(second)}
          """, path: path, methods: MergeMethods.declarations)
    }
    #expect(try read("linear", ", data: d/b.jsonl", "resolve").heads == .resolve)
    let both = try read("fisher", ", data: d/b.jsonl, statistics: b.safetensors", "resolve")
    #expect(both.models[1].statistics == ["b.safetensors"] && both.models[1].data?.file == "d/b.jsonl")
    for (method, second) in [("linear", ""), ("fisher", ", statistics: b.safetensors")] {
      #expect(throws: RecipeError.missingKey(path, line: 5, key: "data")) { try read(method, second, "resolve") }
    }
    #expect(throws: RecipeError.notApplicable(path, line: 5, key: "statistics", method: "a model with data")) {
      try read("fisher", ", data: d/b.jsonl, statistics: b.safetensors", "keep")
    }
  }

  @Test("A byte order mark is no part of a recipe")
  func byteOrderMark() throws {
    let text = "merge_method: linear\nmodels: [{model: a}, {model: b}]\n"
    let file = MappedFile(path: path, contents: [0xEF, 0xBB, 0xBF] + Array(text.utf8))
    let recipe = try Recipe(file, methods: MergeMethods.declarations)
    #expect(recipe.method.name == "linear" && recipe.text == text)
  }
}
