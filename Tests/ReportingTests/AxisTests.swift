import Foundation
import Testing

@testable import Reporting

@Suite("Axes and ticks")
struct AxisTests {
  @Test(
    "A step is 1, 2 or 5 times a power of ten, and parts the span into about as many as asked for",
    arguments: [1e-12, 0.003, 0.7, 1, 3.3, 10, 99, 12345, 8e20], [2, 5, 10])
  func steps(span: Double, count: Int) {
    let step = Ticks.step(span: span, count: count)
    let mantissa = step / pow(10, log10(step * 1.000001).rounded(.down))
    #expect([1.0, 2, 5].contains { abs($0 - mantissa) < 1e-9 })
    // Steps are at most 2.5 apart, so the nearest in ratio is off by at most √2.5.
    #expect(abs(log(span / step / Double(count))) <= log(2.5.squareRoot()) + 1e-6)
  }

  @Test("Ticks are the multiples of the step inside the domain, as short as they can be told apart")
  func linearTicks() {
    #expect(Ticks.linear(0...1, count: 5).map(\.text) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(Ticks.linear(-0.3...0.3, count: 3).map(\.text) == ["-0.2", "0.0", "0.2"])
    #expect(Ticks.linear(55...87, count: 6).map(\.text) == ["55", "60", "65", "70", "75", "80", "85"])
    #expect(Ticks.linear(0...50_000, count: 5).map(\.text).last == "50000")
    #expect(Ticks.linear(0...2e-9, count: 2).map(\.text) == ["0", "1e-9", "2e-9"])
  }

  @Test("Logarithmic ticks are powers of ten, thinned where there are many, with 2 and 5 where there are few")
  func logarithmicTicks() {
    #expect(Ticks.logarithmic(1e-4...1, count: 5).map(\.text) == ["1e-4", "1e-3", "0.01", "0.1", "1"])
    #expect(Ticks.logarithmic(1e-12...1, count: 6).map(\.value).count == 7)
    #expect(Ticks.logarithmic(1...10, count: 5).map(\.value) == [1, 2, 5, 10])
  }

  @Test("Positions are proportional to the value, or to its logarithm")
  func positions() throws {
    let linear = Axis(covering: [0, 100], from: 50, to: 250, includingZero: true)
    #expect(linear.position(0) == 50 && linear.position(50) == 150 && linear.position(100) == 250)
    let logarithmic = Axis(covering: [1e-4, 1], scale: .logarithmic, from: 100, to: 0)
    let middle = try #require(logarithmic.position(0.01))
    #expect(abs(middle - 50) < 1e-9)
    #expect(logarithmic.position(0) == 100, "zero lies at the lower end")
    #expect(linear.position(.nan) == nil && linear.position(.infinity) == nil)
  }

  @Test("An axis covers its values, begins and ends at ticks, and survives equal, empty and enormous values")
  func covering() {
    for values in [
      [3.0, 97], [0.1234, 0.1235], [-5, -5], [0, 0], [], [.nan], [-1e300, 1e300], [.leastNonzeroMagnitude],
      [1e16, 1e16 + 2],
    ] {
      for scale in [Axis.Scale.linear, .logarithmic] {
        let axis = Axis(covering: values, scale: scale, from: 0, to: 100)
        #expect(axis.domain.lowerBound.isFinite && axis.domain.lowerBound < axis.domain.upperBound)
        for value in values where value.isFinite && abs(value) <= 1e300 && (scale == .linear || value >= 1e-300) {
          #expect(axis.domain.contains(value), "\(value) \(axis.domain)")
        }
        #expect(axis.ticks.count < 30)
      }
    }
    let axis = Axis(covering: [53.2, 96.1], from: 0, to: 1, ticks: 6)
    #expect(axis.domain == 50...100 && axis.ticks.first?.value == 50 && axis.ticks.last?.value == 100)
  }

  @Test("An axis of scores ends at 100 and not at the next round number")
  func limits() {
    let axis = Axis(covering: [99.1, 99.95], from: 0, to: 1, limits: -100...100)
    #expect(axis.domain.upperBound <= 100.0001)
  }

  @Test("The scale is logarithmic only for positive values that differ by more than a factor of 100")
  func scaleChoice() {
    #expect(Axis.scale(for: [0.001, 1]) == .logarithmic)
    #expect(Axis.scale(for: [0.1, 1]) == .linear)
    #expect(Axis.scale(for: [-1, 0.001, 1]) == .linear)
    #expect(Axis.scale(for: [.nan]) == .linear)
  }

  @Test("Numbers are written with few digits and without a misleading sign")
  func numbers() {
    #expect(NumberText.compact(0.012345) == "0.0123")
    #expect(NumberText.compact(4.5678) == "4.57")
    #expect(NumberText.compact(123.4) == "123")
    #expect(NumberText.compact(1234) == "1234")
    #expect(NumberText.compact(45_678) == "45\u{202F}678")
    #expect(NumberText.compact(1.234e-7) == "1.23e-7")
    #expect(NumberText.compact(9.999) == "10")
    #expect(NumberText.compact(.nan) == "–")
    #expect(NumberText.fixed(-0.04, digits: 1) == "0.0")
    #expect(NumberText.percent(0.8716) == "87.2")
    #expect(NumberText.seconds(9.99) == "9.99 s")
    #expect(NumberText.seconds(134.2) == "2 min 14 s")
    #expect(NumberText.seconds(7384) == "2 h 03 min")
    #expect(NumberText.grouped(-1_234_567) == "-1\u{202F}234\u{202F}567")
  }

  @Test("Long names keep both ends and the width asked for")
  func shortening() {
    let name = "organisation/bert-base-uncased-fine-tuned-on-mnli"
    let short = TextFitting.shortened(name, to: 120)
    #expect(short.hasPrefix("organ") && short.hasSuffix("mnli") && short.contains("…"))
    #expect(TextFitting.width(short) <= 120)
    #expect(TextFitting.shortened("cola", to: 120) == "cola")
  }
}
