import Estimation
import Foundation
import Merging
import ModelMerging
import Testing

@testable import Recipes

@Suite("What users read of merge methods")
struct MethodGuideTests {
  @Test("the tables in docs/running.md are what the methods declare")
  func documentation() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("docs/running.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let start = try #require(text.range(of: "<!-- fishermerge methods --markdown -->\n"))
    let end = try #require(text.range(of: "<!-- end of the methods -->"))
    #expect(String(text[start.upperBound..<end.lowerBound]) == MethodGuide(MergeMethods.declarations).markdown)
  }

  @Test("every method has a name of its own, a known statistic, defaults within their bounds and presets that it knows")
  func declarations() throws {
    let methods = MergeMethods.declarations
    #expect(Set(methods.map(\.name)).count == methods.count)
    for method in methods {
      for statistic in method.usualStatistics {
        #expect(StatisticKind(named: statistic) != nil, "\(method.name)")
      }
      if method.needsBase {
        // Factors of differences need not add up to 1, and a comparison has no base.
        #expect(method.weights == .factors && method.variants.isEmpty, "\(method.name)")
      }
      let settings = method.settings + method.modelSettings + method.hidden
      #expect(Set(settings.map(\.key)).count == settings.count, "\(method.name)")
      for setting in settings {
        if let standard = setting.standard { check(standard, setting, method.name) }
      }
      for (key, value) in (method.presets.map(\.values) + method.variants.map(\.values)).joined() {
        let setting = try #require(settings.first { $0.key == key }, "\(method.name): \(key)")
        check(value, setting, method.name)
      }
    }
  }

  private func check(_ value: SettingValue, _ setting: SettingDeclaration, _ method: String) {
    let fits =
      switch (value, setting.domain) {
      case (.number(let number), .number(let range, _)): range.contains(number)
      case (.number(let number), .integer(let range)): Int(exactly: number).map { range.contains($0) } ?? false
      case (.flag, .flag), (.model, .model): true
      case (.word(let word), .word(let words)): words.contains { $0.value == word }
      default: false
      }
    #expect(fits, "\(method): \(setting.key) is \(value)")
  }

  @Test("a method is shown with its keys and defaults, by either spelling of its name")
  func terminal() {
    let guide = MethodGuide(MergeMethods.declarations)
    let text = guide.text(of: "task-arithmetic")
    #expect(text.hasPrefix("task_arithmetic: the base plus λ") && text.contains("lambda:") && text.contains("[1]"))
    #expect(guide.text(of: nil).contains("\n\nties: "))
  }
}
