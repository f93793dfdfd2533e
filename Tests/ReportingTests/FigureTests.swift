import Foundation
import Testing

@testable import Reporting

@Suite("Figures")
struct FigureTests {
  @Test("A value twice as large has a bar twice as long, and all bars begin at zero")
  func bars() throws {
    let bars = Bars(
      bars: [("a", 10.0), ("b", 20), ("c", 5)].map { .init(name: $0, value: $1, text: "\($1)") }, title: "", label: "x")
    let drawn = try #require(parsed(bars.svg)).filter { $0.hasClass("bar") }
    let widths = try drawn.map { try $0.place("width") }
    #expect(abs(widths[1] - 2 * widths[0]) < 0.02 && abs(widths[0] - 2 * widths[2]) < 0.02 && widths[2] > 10)
    #expect(Set(drawn.map { $0.attributes["x"] }).count == 1)
  }

  @Test("The parts of a stacked bar follow each other, fill it, and have the lengths of their values")
  func stackedBar() throws {
    let values = [1.0, .nan, 3, 0, -2, 4]
    let bar = StackedBar(parts: values.map { .init(name: "n", value: $0, text: "t") }, width: 400, label: "x")
    let drawn = try #require(parsed(bar.svg)).filter { $0.hasClass("bar") }
    #expect(drawn.map { $0.number("width") } == [50, 150, 200])
    #expect(drawn.map { $0.number("x") } == [0, 50, 200])
    #expect(drawn[1].hasClass("c2"), "a part keeps its colour when one before it is missing")
  }

  @Test("The selected coefficient's line stands at its λ, and the equal one's at 0.5")
  func selectedCoefficient() throws {
    let trials = (0...10).map { step in
      Report.CoefficientSearch.Trial(lambdas: [Double(step) * 3, Double(10 - step) * 3], scores: [0.5, 0.6])
    }
    let search = Report.CoefficientSearch(tasks: ["a", "b"], trials: trials, selected: 3)
    let elements = try ReportingTests.elements(of: search.section)
    let guides = elements.filter { $0.hasClass("guide") }
    let ticks = elements.filter { $0.name == "text" && $0.hasClass("tick") && $0.attributes["text-anchor"] == "middle" }
    func place(_ text: String) throws -> Double { try #require(ticks.first { $0.text == text }?.number("x")) }
    #expect(try guides[0].place("x1") == place("0.3"))
    #expect(try guides[0].hasClass("strong") && guides[1].number("x1") == place("0.5"))
    // Both tasks' curves and their mean, each over all of 0...1.
    let curves = elements.filter { $0.hasClass("curve") }
    #expect(curves.count == 3)
    for curve in curves {
      let points = curve.attributes["points", default: ""].split(separator: " ")
      #expect(points.count == 11)
      #expect(try Double(points[0].prefix { $0 != "," }) == place("0.0"))
    }
  }

  @Test("A curve is broken where a score is missing")
  func brokenCurve() throws {
    let chart = LineChart(
      series: [.init(name: "s", points: [(0, 1), (1, 2), (2, .nan), (3, 1), (4, 2), (5, 3)])], xTitle: "", yTitle: "",
      label: "x")
    let curves = try #require(parsed(chart.svg)).filter { $0.hasClass("curve") }
    #expect(curves.map { $0.attributes["points", default: ""].split(separator: " ").count } == [2, 3])
  }

  @Test("More than two models: trials by falling mean, the best ten in the table, the selected one marked")
  func trials() throws {
    var trials = (0..<15).map {
      Report.CoefficientSearch.Trial(lambdas: [1, 2, 5], scores: [0.1, Double($0 * 7 % 15) / 20])
    }
    // Tasks without validation examples: one such, and none with.
    trials[3].scores = [.nan, 0.2]
    trials[4].scores = [.nan, .nan]
    #expect(trials[3].mean == 0.2 && trials[4].mean == nil)
    let search = Report.CoefficientSearch(tasks: ["a", "b", "c"], trials: trials, selected: 2)
    #expect(search.ranking.first == 2 && search.ranking.last == 4)
    let means = search.ranking.compactMap { trials[$0].mean }
    #expect(means == means.sorted(by: >))
    let elements = try ReportingTests.elements(of: search.section)
    let rows = elements.filter { $0.name == "tr" && $0.ancestors.contains("tbody") }
    #expect(rows.count == 10 && rows[0].hasClass("best") && !rows[1].hasClass("best"))
    #expect(elements.filter { $0.name == "td" && $0.text == "0.625" }.count == 10, "λ are shown as shares")
    #expect(elements.filter { $0.name == "svg" && $0.attributes["width"] == "160" }.count == 10)
  }

  @Test("Marks of a dot plot stand at their values on the axis, error bars around them")
  func dotPlot() throws {
    let plot = DotPlot(
      rows: [.init(name: "r", values: [0, 50, .nan], errors: [0, 10]), .init(name: "s", values: [100])],
      series: ["a", "b", "c"], title: "", text: { "\($0)" }, label: "x")
    let elements = try #require(parsed(plot.svg))
    let marks = elements.filter { $0.hasClass("mark") }
    #expect(marks.map(\.name) == ["circle", "rect", "circle"])
    let (low, high) = (try marks[0].place("cx"), try marks[2].place("cx"))
    let middle = try marks[1].place("x") + marks[1].place("width") / 2
    #expect(abs(middle - (low + high) / 2) < 0.02)
    let errors = elements.filter { $0.hasClass("error") }
    #expect(errors.count == 1)
    #expect(try abs(errors[0].place("x2") - errors[0].place("x1") - (high - low) / 5) < 0.02)
    #expect(marks[0].number("cy") != marks[1].number("y"), "series do not hide each other")
  }

  @Test("A heat map has a cell per value in its place; missing values are marked as missing")
  func heatMap() throws {
    let map = HeatMap(
      rows: ["0", "1"], columns: ["0", "1", "2"], values: [[0, 0.5, 1], [.nan, 1]], rowTitle: "layer",
      columnTitle: "head", cell: (30, 30), colors: ValueColors(sequential: [0, 1]), text: { NumberText.compact($0) },
      label: "x")
    let elements = try #require(parsed(map.svg))
    let cells = elements.filter { $0.hasClass("cell") }
    #expect(cells.map { $0.attributes["fill"] } == ["#440154", "#23908c", "#fde725", "#fde725"])
    #expect(elements.filter { $0.hasClass("missing") }.count == 2)
    #expect(cells[2].number("x") != cells[3].number("x") && cells[1].number("x") == cells[3].number("x"))
    let titles = elements.filter { $0.name == "title" }.map(\.text)
    #expect(titles.contains("layer 1, head 1: 1") && titles.contains("layer 1, head 0: no value"))
    #expect(titles.count == 6)
  }

  @Test("Cells of every model size are legible and a row of up to four maps fits the page")
  func cellSizes() {
    for (layers, heads) in [(2, 2), (6, 12), (12, 12), (24, 16), (48, 32)] {
      for maps in 1...6 {
        let side = headCell(layers: layers, heads: heads, maps: maps)
        #expect(side >= 13 && side <= 58)
        if heads <= 12 {
          let shown = Double(min(maps, 4))
          #expect(shown * (side * Double(heads) + 42) + (shown - 1) * 20 <= 1072)
        }
      }
    }
  }

  @Test("The colours of magnitudes grow brighter all the way, so that order shows in grey as well")
  func sequentialColors() {
    let steps = (0...50).map { ColorScale.sequential.color(Double($0) / 50).luminance }
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 })
    #expect(ColorScale.sequential.color(-3) == ColorScale.sequential.color(0))
  }

  @Test("An equal share has the neutral colour for any number of tasks; more and less part from it")
  func shareColors() throws {
    for parts in [2, 3, 4, 7] {
      let colors = ValueColors(sharesOf: parts)
      let equal = 1 / Double(parts)
      #expect(colors.color(equal)?.hex == "#f7f7f7")
      let less = try #require(colors.color(equal / 2))
      let more = try #require(colors.color((1 + equal) / 2))
      #expect(less.red > less.blue + 50 && more.blue > more.red + 30)
      #expect(colors.color(0)?.hex == "#b35806" && colors.color(1)?.hex == "#542788")
    }
  }

  @Test("Text on a cell contrasts with it at least 4.5 to 1")
  func contrast() {
    for scale in [ColorScale.sequential, .diverging] {
      for step in 0...100 {
        let color = scale.color(Double(step) / 100)
        let ratio = color.inkOnTop == "#000000" ? (color.luminance + 0.05) / 0.05 : 1.05 / (color.luminance + 0.05)
        #expect(ratio >= 4.5)
      }
    }
  }

  @Test("Quantiles lie in order on a logarithmic axis; the median's line is inside the middle half")
  func distribution() throws {
    let axis = Axis(covering: [1e-4, 1e4], scale: .logarithmic, from: Distribution.bottom, to: Distribution.top)
    let drawing = Distribution(
      columns: [[1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000, 1e4], [1, 2], [.nan, 1, 1, 1, 1, 1, 1, 1, 1]],
      names: ["0", "1", "2"], xTitle: "layer", yTitle: "", axis: axis, width: 300, series: 0, label: "x")
    let elements = try #require(parsed(drawing.svg))
    #expect(elements.filter { $0.hasClass("distribution") }.count == 1, "columns that are no quantiles stay empty")
    let heights = elements.filter { $0.hasClass("band") }.compactMap { $0.number("height") }
    let decade = (Distribution.bottom - Distribution.top) / 8
    #expect(zip(heights, [6, 4, 2]).allSatisfy { abs($0 - decade * $1) < 0.02 } && heights.count == 3)
    let median = try #require(elements.first { $0.hasClass("median") })
    #expect(try abs(median.place("y1") - (Distribution.bottom + Distribution.top) / 2) < 0.02)
  }
}
