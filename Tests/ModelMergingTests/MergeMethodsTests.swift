import Merging
import Testing

@testable import ModelMerging

@Suite("The list of merge methods")
struct MergeMethodsTests {
  @Test("every method is made from its defaults, its presets and its variants")
  func settings() throws {
    for declaration in MergeMethods.declarations {
      let presets = declaration.presets.map { MethodSettings(declaration, preset: $0) }
      let variants = declaration.variants.map { MethodSettings(declaration, $0.values) }
      for settings in [MethodSettings(declaration)] + presets + variants {
        let method = try MergeMethods.make(settings, models: 3)
        #expect(type(of: method).declaration.name == declaration.name)
        // Plans say by the declaration what the ranks will do by the method.
        let isLayerwise =
          switch method.phase {
          case .layers, .distillation: true
          case .none, .systems: false
          }
        #expect(isLayerwise == declaration.isLayerwise, "\(declaration.name)")
      }
    }
  }

  @Test("a method says the setting by which it does without a statistic, where there is one")
  func settingsWithout() throws {
    func setting(_ method: String, _ statistic: String) throws -> String? {
      let declaration = try #require(MergeMethods.declarations.first { $0.name == method })
      return declaration.setting(without: statistic, from: MethodSettings(declaration))
    }
    #expect(try setting("regmean", "token_counts") == "embeddings: mean")
    #expect(try setting("mask_fisher", "token_fisher") == "token_nodes: false")
    #expect(try setting("distill", "output_metric") == "output_metric: identity")
    #expect(try setting("regmean", "gram") == nil && setting("fisher", "fisher") == nil)
  }

  @Test("settings that do not go together are refused by the method")
  func refused() throws {
    let fisher = try #require(MergeMethods.declarations.first { $0.name == "fisher" })
    let settings = MethodSettings(fisher, ["floor_only": .model(3)])
    #expect(throws: MergingError.invalidFloorTarget(index: 3, models: 3)) {
      try MergeMethods.make(settings, models: 3)
    }
  }

  @Test("a model's own setting goes before the recipe's, and equal work is equal")
  func ofModels() throws {
    let ties = try #require(MergeMethods.declarations.first { $0.name == "ties" })
    let settings = MethodSettings(
      ties, ["density": .number(0.5)], ofModels: [[:], ["density": .number(0.1)], [:]])
    #expect((0..<3).map { settings.number("density", model: $0) } == [0.5, 0.1, 0.5])
    #expect(settings.of(models: [1, 2]).number("density", model: 0) == 0.1)
    #expect(MethodSettings(ties, ["lambda": .number(1)], ofModels: [[:], [:]]) == MethodSettings(ties))
  }

  @Test("weights are shares for averages, and as they are for differences")
  func weights() throws {
    let names = ["a", "b"]
    #expect(try Coefficients([1, 3], models: names).values == [0.25, 0.75])
    #expect(try Coefficients([1, -3], models: names, .factors).values == [1, -3])
    #expect(throws: MergingError.invalidCoefficient(model: "b", value: -3)) {
      try Coefficients([1, -3], models: names)
    }
    #expect(throws: MergingError.invalidCoefficient(model: "a", value: .infinity)) {
      try Coefficients([.infinity, 1], models: names, .factors)
    }
    #expect(try Coefficients([1, -3], models: names, .factors).shares.values == [0.5, 0.5])
    #expect(try Coefficients([1, 3], models: names, .factors).shares.values == [0.25, 0.75])
  }
}
