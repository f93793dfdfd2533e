import Foundation
import Testing

@testable import Reporting

@Suite("The page")
struct PageTests {
  private static let ids = [
    "accuracy", "search", "weights", "heads", "neurons", "disagreement", "tensors", "solves", "resources", "provenance",
  ]

  private func sections(_ report: Report) throws -> [String] {
    try #require(parsed(report.html)).filter { $0.name == "section" }.compactMap { $0.attributes["id"] }
  }

  private static let samples = ProcessInfo.processInfo.environment["FISHERMERGE_REPORT_SAMPLES"]

  @Test(
    "Sample pages are written, to be looked at",
    .enabled(if: samples != nil, "FISHERMERGE_REPORT_SAMPLES names no directory"))
  func samplePages() throws {
    let folder = try #require(Self.samples)
    let names = ["cola", "sst2", "mrpc", "stsb"]
    for (tasks, layers, heads) in [(2, 2, 2), (3, 12, 12), (4, 12, 12), (4, 2, 2), (2, 24, 16)] {
      let page = sampleReport(Array(names.prefix(tasks)), layers: layers, heads: heads).html
      try page.write(toFile: "\(folder)/k\(tasks)-l\(layers).html", atomically: true, encoding: .utf8)
    }
    try crowdedReport().html.write(toFile: "\(folder)/crowded.html", atomically: true, encoding: .utf8)
  }

  @Test("A full report has every section, and the page is well-formed")
  func allSections() throws {
    #expect(try sections(sampleReport(["a", "b", "c"], layers: 2, heads: 2)) == Self.ids)
  }

  @Test("A section without its value is absent, and the others stay")
  func absentSections() throws {
    #expect(try sections(Report(title: "t", method: "m")).isEmpty)
    var report = sampleReport(["a", "b"], layers: 2, heads: 2)
    report.accuracy = nil
    report.neuronImportance = nil
    report.search = nil
    #expect(try sections(report) == Self.ids.filter { !["accuracy", "neurons", "search"].contains($0) })
  }

  @Test("Every link of the page leads to a section")
  func links() throws {
    let elements = try #require(parsed(sampleReport(["a", "b"], layers: 2, heads: 2).html))
    let targets = elements.filter { $0.name == "a" }.compactMap { $0.attributes["href"] }
    #expect(targets == Self.ids.map { "#\($0)" })
  }

  @Test("Each picture is well-formed by itself and says what it shows, or is hidden from screen readers")
  func pictures() throws {
    let page = sampleReport(["a", "b", "c"], layers: 2, heads: 2).html
    let pictures = page.components(separatedBy: "<svg ").dropFirst().map {
      "<svg " + $0.components(separatedBy: "</svg>")[0] + "</svg>"
    }
    #expect(pictures.count > 20)
    for picture in pictures {
      let root = try #require(parsed(picture)?.first)
      #expect(root.attributes["aria-label"]?.isEmpty == false || root.attributes["aria-hidden"] == "true")
    }
  }

  @Test("Nothing is fetched: no address but the names of the formats, no script, no import, no image")
  func selfContained() throws {
    let page = sampleReport(["a", "b", "c"], layers: 12, heads: 12).html
    let names = ["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"]
    let rest = names.reduce(page) { $0.replacingOccurrences(of: "xmlns=\"\($1)\"", with: "") }
    for word in ["http", "//", "url(", "@import", "<script", "<link", "<img", "src="] { #expect(!rest.contains(word)) }
  }

  @Test("Text of models, recipes and data stays text wherever it stands")
  func escaping() throws {
    let hostile = "<script>alert(\"1\")</script> & 'x' ]]> \u{0}\u{1B}\u{FFFE}"
    let visible = "<script>alert(\"1\")</script> & 'x' ]]> \u{FFFD}\u{FFFD}\u{FFFD}"
    var report = sampleReport([hostile, "b"], layers: 2, heads: 2)
    report.title = hostile
    report.method = hostile
    report.settings = [.init(hostile, hostile)]
    report.provenance = .init(
      recipe: hostile, command: hostile, planHash: hostile, program: hostile, inputs: [.init(hostile, hash: hostile)])
    let elements = try #require(parsed(report.html))
    #expect(!elements.contains { $0.name == "script" })
    for name in ["title", "h1", "pre", "dt", "dd", "code", "figcaption"] {
      #expect(elements.contains { $0.name == name && $0.text == visible }, "\(name)")
    }
    #expect(elements.contains { $0.attributes["aria-label"]?.contains(visible) ?? false })
  }

  @Test("A recipe keeps its lines and indentation")
  func recipe() throws {
    var report = Report(title: "t", method: "m")
    let recipe = "models:\n  - model: a\n\n\tend \u{1F600}\n"
    report.provenance = .init(recipe: recipe)
    #expect(try #require(parsed(report.html)).first { $0.name == "pre" }?.text == recipe)
  }

  @Test("Numbers that are no numbers, and lists of the wrong length, break nothing")
  func hostileNumbers() throws {
    let values: [Double] = [.nan, .infinity, -.infinity, 0, -1, .leastNonzeroMagnitude, 1.7e308, -1.7e308, 3]
    for first in values {
      for second in values {
        let page = degenerateReport([first, second]).html
        let elements = try #require(parsed(page))
        for element in elements {
          for (name, value) in element.attributes where name != "aria-label" {
            let bad = ["nan", "inf"].contains { value.lowercased().contains($0) }
            #expect(!bad, "\(element.name) \(name) \(value)")
          }
          // Whatever has a size or a place has a number there, and sizes are not negative.
          for attribute in ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"] {
            guard let text = element.attributes[attribute] else { continue }
            let number = try #require(Double(text), "\(element.name) \(attribute) \(text)")
            #expect(abs(number) < 20_000)
            if ["r", "width", "height"].contains(attribute) { #expect(number >= 0) }
          }
        }
      }
    }
  }

  @Test("Empty lists give an empty page and no defect")
  func emptyLists() throws {
    var report = Report(title: "", method: "")
    report.accuracy = .init(columns: [], rows: [])
    report.headImportance = .init(tasks: [.init("a", []), .init("b", [[], []])])
    report.mergeWeights = .init(tasks: [])
    report.neuronImportance = .init(tasks: [.init("a", quantiles: [[], []])])
    report.disagreement = .init(groups: ["a"], places: [], caption: "")
    report.tensorImportance = .init(tasks: [], families: [], quantity: "")
    report.solves = .init([])
    report.search = .init(tasks: ["a", "b"], trials: [], selected: 3)
    report.resources = .init()
    report.provenance = .init()
    #expect(try sections(report).isEmpty)
  }

  /// A report in which every number is one of `values`, and lists are shorter or longer than they should be.
  private func degenerateReport(_ values: [Double]) -> Report {
    let (a, b) = (values[0], values[1])
    var report = Report(title: "t", method: "m", keyFigures: .init(models: -1, examples: .max, seconds: a))
    report.accuracy = .init(
      columns: [.init("s", .single), .init("m", .merged), .init("n", .merged)],
      rows: [
        .init(task: "x", metric: "f", scores: [.init(a, standardError: b), .init(b, standardError: a)]),
        .init(task: "y", metric: "f", scores: [nil, .init(a), .init(b), .init(1)]),
      ])
    report.headImportance = .init(tasks: [.init("x", [[a, b], [b]]), .init("y", [[a, b, a]])])
    report.mergeWeights = .init(tasks: [.init("x", [[a, b], [b]])])
    report.neuronImportance = .init(
      tasks: [.init("x", quantiles: [Array(repeating: a, count: 4) + Array(repeating: b, count: 5), [a]])])
    report.disagreement = .init(
      groups: ["g", "h"],
      places: [.init(layer: "0", component: "q", values: [a]), .init(layer: "1", component: "q", values: [a, b, b])],
      caption: "")
    report.tensorImportance = .init(
      tasks: ["x"], families: [.init("f", [a, b]), .init("g", []), .init("h", [b])], quantity: "q")
    report.solves = .init([.init(tensor: "t", condition: a, ridge: b), .init(tensor: "u", condition: b)])
    report.search = .init(
      tasks: a.isNaN ? ["x", "y", "z"] : ["x", "y"],
      trials: [
        .init(lambdas: [a, b], scores: [a]), .init(lambdas: [b], scores: [b, a, a]), .init(lambdas: [], scores: []),
      ],
      selected: 7)
    report.resources = .init(
      phases: [.init("p", seconds: a), .init("q", seconds: b)],
      ranks: [.init(host: "", peakBytes: .max), .init(host: "h", peakBytes: -5)])
    return report
  }
}
