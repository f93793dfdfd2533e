import Foundation
import Testing

@testable import Reporting

@Suite("Sections")
struct SectionTests {
  private typealias Accuracy = Report.Accuracy

  private var accuracy: Accuracy {
    .init(
      columns: [
        .init("single", .single), .init("uniform", .average), .init("fisher", .merged), .init("regmean", .merged),
      ],
      rows: [
        .init(
          task: "mrpc", metric: "accuracy",
          scores: [.init(0.9), .init(0.5), .init(0.7), .init(0.75, standardError: 0.012)]),
        .init(task: "mrpc", metric: "F1", scores: [.init(0.8), .init(0.5), .init(0.5), .init(0.55)]),
        .init(task: "cola", metric: "Matthews", scores: [.init(0.45), nil, .init(0.2), .init(0.3)]),
      ])
  }

  @Test("The mean is over tasks, a task with two metrics counts once, and what was not measured leaves no mean")
  func means() throws {
    let mean = try #require(accuracy.mean(0))
    #expect(abs(mean - 0.65) < 1e-12)
    #expect(accuracy.mean(1) == nil)
    #expect(accuracy.best == 3)
    #expect(accuracy.keyMeans.map(\.name) == ["regmean", "single"])
  }

  @Test(
    "An undefined score is shown as such, counts as 0, and is no mark in the picture", arguments: [nil, Double.nan])
  func undefined(value: Double?) throws {
    var accuracy = accuracy
    accuracy.rows[2].scores[3] = .init(value)
    #expect(accuracy.mean(3) == 0.325 && accuracy.best == 2)
    let elements = try ReportingTests.elements(of: accuracy.section)
    #expect(elements.filter { $0.text == "undefined" }.count == 1)
    #expect(elements.contains { $0.text.contains("it counts as 0") })
    #expect(try elements.count { $0.hasClass("mark") } + 1 == markCount)
  }

  private var markCount: Int {
    get throws { try ReportingTests.elements(of: accuracy.section).count { $0.hasClass("mark") } }
  }

  @Test("The best merged column is emphasised in heading, rows and mean, and no other")
  func emphasis() throws {
    let elements = try ReportingTests.elements(of: accuracy.section)
    let best = elements.filter { $0.hasClass("best") }
    #expect(best.map(\.text) == ["regmean", "75.0", "55.0", "30.0", "47.5"])
    #expect(elements.contains { $0.name == "small" && $0.text == " ±1.2" })
  }

  @Test("Quality stands against cost: a mark and a name for each method, and no name on another")
  func quality() throws {
    let names = (0..<14).map { "method \($0)" }
    // Many at nearly the same place.
    let quality = Report.Quality(
      methods: names.enumerated().map {
        .init($1, seconds: 4 + 0.01 * Double($0), score: 0.7 + 0.001 * Double($0), kind: 1)
      }
        + [.init("free", seconds: 0, score: 0.5, kind: 0), .init("unknown", seconds: 1, score: .nan, kind: 0)],
      single: 0.8)
    let picture = try #require(quality.svg)
    let elements = try #require(parsed(picture))
    #expect(elements[0].name == "svg" && elements.contains { $0.name == "style" })
    #expect(elements.count { $0.hasClass("mark") } == 14)
    let labels = elements.filter { $0.name == "text" && names.contains($0.text) }
    #expect(labels.count == 14 && elements.contains { $0.text == "single models" })
    let rows = try labels.map { try $0.place("y") }.sorted()
    #expect(zip(rows, rows.dropFirst()).allSatisfy { $1 - $0 >= 14 }, "\(rows)")
    // The best one is emphasised.
    #expect(labels.filter { $0.hasClass("strong") }.map(\.text) == ["method 13"])
    #expect(try ReportingTests.elements(of: quality.section).count { $0.hasClass("mark") } == 14)
    #expect(Report.Quality(methods: [], single: 0.8).section == nil)
  }

  @Test("The settings of a search are ranked, and the chosen one is marked")
  func searchedSettings() throws {
    let search = Report.CoefficientSearch(
      tasks: ["a", "b"],
      settings: [.init("ridge 0", scores: [0.5, 0.6]), .init("ridge 1", scores: [0.7, 0.8])], selectedSetting: 1,
      trials: [.init(lambdas: [1, 1], scores: [0.7, 0.8])], selected: 0)
    let elements = try ReportingTests.elements(of: search.section)
    let rows = elements.filter { $0.name == "th" && $0.attributes["scope"] == "row" }.map(\.text)
    #expect(rows == ["ridge 1", "ridge 0"])
    #expect(elements.filter { $0.name == "tr" && $0.hasClass("best") }.count == 1)
    // One trial is no search.
    #expect(!elements.contains { $0.name == "svg" })
  }

  @Test("Key figures show what is given, scores first")
  func keyFigures() throws {
    var report = Report(
      title: "t", method: "m",
      keyFigures: .init(models: 2, examples: 20_480, seconds: 61, others: [.init("trials", "51")]))
    report.accuracy = accuracy
    let elements = try #require(parsed(report.html))
    let tiles = elements.filter { $0.name == "b" && $0.ancestors.contains("header") }.map(\.text)
    #expect(tiles == ["47.5", "65.0", "2", "20\u{202F}480", "61.0 s", "51"])
  }

  @Test("Places of disagreement form one grid per group, in the order in which they are named")
  func disagreement() throws {
    let section = Report.Disagreement(
      groups: ["a – b", "a – c"],
      places: [
        .init(layer: "embeddings", component: "words", values: [0.1, 0.2]),
        .init(layer: "0", component: "query", values: [0.3, 0.4]),
        .init(layer: "0", component: "words", values: [0.5]),
      ], caption: "c"
    ).section
    let elements = try ReportingTests.elements(of: section)
    #expect(elements.filter { $0.hasClass("cell") }.count == 5 && elements.filter { $0.hasClass("missing") }.count == 3)
    let titles = elements.filter { $0.name == "title" }.map(\.text)
    #expect(titles.contains("layer 0, query: 0.40") && titles.contains("layer 0, words: no value"))
  }

  @Test("Systems with a ridge come first, then those of unknown condition, then the worst; long lists are folded")
  func solves() throws {
    let solves = (0..<14).map { Report.Solves.Solve(tensor: "t\($0)", condition: Double($0 * 5 % 14) + 1) }
    let unknown = Report.Solves.Solve(tensor: "unknown", condition: nil)
    let ridged = Report.Solves.Solve(tensor: "ridged", condition: 2, ridge: 1e-6)
    let section = Report.Solves(solves + [unknown, ridged]).section
    let elements = try ReportingTests.elements(of: section)
    let names = elements.filter { $0.name == "th" && $0.attributes["scope"] == "row" }
    #expect(names.prefix(4).map(\.text) == ["ridged", "unknown", "t11", "t8"])
    #expect(names.filter { $0.ancestors.contains("details") }.count == 6 && names.count == 16)
    #expect(elements.contains { $0.name == "p" && $0.text.contains("1 needed a ridge") })
  }

  @Test("Of many ranks the greediest have bars, in the order of their numbers")
  func ranks() throws {
    let ranks = (0..<40).map { Report.Resources.Rank(host: "n\($0 / 8)", peakBytes: (1 + $0 * 7 % 40) << 20) }
    let elements = try ReportingTests.elements(of: Report.Resources(ranks: ranks).section)
    let tooltips = elements.filter { $0.name == "title" }.map(\.text)
    #expect(tooltips.count == Report.Resources.shownRanks)
    let shown = ranks.indices.filter { $0 * 7 % 40 >= 40 - Report.Resources.shownRanks }
    #expect(tooltips.map { $0.prefix { $0 != "," } } == shown.map { "rank \($0)" })
    #expect(elements.contains { $0.text == "Peak resident memory, 40 ranks on 5 hosts; the 24 that needed the most" })
  }

  @Test("The sum of the phases is said, and each phase's share")
  func phases() throws {
    let section = Report.Resources(phases: [
      .init("a", seconds: 30), .init("b", seconds: 10), .init("c", seconds: .nan),
    ]).section
    let elements = try ReportingTests.elements(of: section)
    #expect(elements.contains { $0.text == "Wall time by phase, 40.0 s in all" })
    #expect(elements.contains { $0.text == " a: 30.0 s (75 %)" } && elements.contains { $0.text == " c: –" })
  }
}
