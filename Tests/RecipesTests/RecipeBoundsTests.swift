import Checkpoints
import SystemPackage
import Testing

@testable import ModelMerging
@testable import Recipes

/// Texts that ask the YAML parser for more than they are long.
@Suite("Recipes that ask too much")
struct RecipeBoundsTests {
  private func error(_ text: String) -> RecipeError? {
    do throws(RecipeError) { _ = try Recipe(text: text, path: "r.yaml", methods: MergeMethods.declarations) } catch {
      return error
    }
    return nil
  }

  private static func models(_ parameters: String) -> String {
    "merge_method: fisher\nmodels: [{model: a, data: a.csv}, {model: b, data: b.csv}]\nparameters: {\(parameters)}"
  }

  @Test("a number to the base 60, which the YAML library traps on where it overflows, is no number")
  func base60() {
    for number in ["9999999999999999:59:59", "1:30", "-1:0", "+190:20:30"] {
      #expect(
        error(Self.models("examples: \(number)"))
          == .wrongType("r.yaml", line: 3, key: "examples", expected: "a whole number"))
    }
    #expect(error(Self.models("examples: 0x10, seed: 1_000")) == nil)
  }

  @Test(
    "an alias may not stand for a list or a mapping",
    arguments: [
      "a: &x [b, c]\nd: *x", "a: &x {b: c}\nd: *x", "a: &x\n  - b\nd: *x", "a: &x # b\n  - b\nd: *x",
      "a: &x\t[b]\nd: *x", "a: &x !!seq [b]\nd: *x", "a: &x\r  [b]\rd: *x", "a: &x\u{85} [b]\nd: *x",
      "[&x [b, b], *x, *x]", "{&x [b]: 1, *x : 2}", "a: &x ? b\nd: *x",
    ])
  func collections(text: String) {
    guard case .invalidYAML("r.yaml", _, let reason)? = error(text) else {
      Issue.record("\(text) was given to the parser")
      return
    }
    #expect(reason == "*x stands for a list or a mapping; write it out")
  }

  @Test("an alias may stand for a text; * and & in texts are letters")
  func scalars() throws {
    let text = """
      merge_method: fisher
      base_model: &base org/base
      models:
        - {model: *base, name: a, data: "*.csv", parameters: {weight: 1}}
        - {model: b, data: {file: "R&D [1].csv", columns: ["a & b", "a *b"]}}
      """
    let recipe = try Recipe(text: text, path: "r.yaml", methods: MergeMethods.declarations)
    #expect(recipe.models[0].model == "org/base" && recipe.models[0].data?.file == "*.csv")
    #expect(recipe.models[1].data?.columns == ["a & b", "a *b"])
  }

  @Test(
    "keys within keys are refused before they are parsed",
    arguments: [
      String(repeating: "? ", count: 60) + "a",
      String(repeating: "? ", count: 20) + "\u{85}" + String(repeating: "? ", count: 20),
      String(repeating: "{", count: 40) + "a: b" + String(repeating: "}: c", count: 40),
      String(repeating: "[", count: 40) + "a" + String(repeating: "]: c", count: 40),
    ])
  func complexKeys(text: String) {
    guard case .invalidYAML("r.yaml", _, let reason)? = error(text) else {
      Issue.record("\(text) was given to the parser")
      return
    }
    #expect(reason == "more than 8 keys that are lists or mappings")
  }

  @Test("more aliases, deeper indentation and longer texts than a recipe needs are refused before they are parsed")
  func sizes() {
    let aliases = "a: &x b\nc: [" + String(repeating: "*x, ", count: 1001) + "]"
    #expect(error(aliases) == .invalidYAML("r.yaml", line: 2, reason: "more than 1000 aliases"))
    for nest in ["- ", "? ", "  "] {
      #expect(
        error("a:\n" + String(repeating: nest, count: 101) + "b: c")
          == .invalidYAML("r.yaml", line: 2, reason: "more than 200 columns of indentation"))
    }
    let file = MappedFile(path: "r.yaml", contents: Array(repeating: 0x20, count: 1 << 18 + 1))
    #expect(throws: RecipeError.unreadable("r.yaml", reason: "it has 262145 bytes, and a recipe at most 262144")) {
      try Recipe(file, methods: MergeMethods.declarations)
    }
    #expect(throws: RecipeError.unreadable("r.yaml", reason: "it is no readable UTF-8 text")) {
      try Recipe(MappedFile(path: "r.yaml", contents: [0x61, 0xFF]), methods: MergeMethods.declarations)
    }
  }

  @Test("the nesting of flow lists is bounded by the parser")
  func nesting() {
    for open in ["[", "{? ", "[{a: "] {
      guard case .invalidYAML? = error(String(repeating: open, count: 50_000)) else {
        Issue.record("\(open) was read")
        return
      }
    }
  }
}
