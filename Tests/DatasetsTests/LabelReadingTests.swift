import Checkpoints
import SystemPackage
import Testing
import Tokenizers

@testable import Datasets

@Suite("What labels stand for")
struct LabelReadingTests {
  private let stars = ["1", "2", "3", "4", "5"]

  private func index(_ label: JSON, _ reading: LabelReading, _ names: [String]) throws -> Target {
    try LabelScheme.classes(LabelMap(names: names, reading: reading))
      .target(label, column: "label", file: "f", line: 1)
  }

  @Test(
    "Digits are names or numbers, as the recipe says",
    arguments: [JSON.integer(1), .string("1"), .string("1.0"), .number(1), .string("4"), .integer(4)])
  func digits(label: JSON) throws {
    let digit = label.double.map { Int($0) } ?? (label.string == "4" ? 4 : 1)
    #expect(try index(label, .byName, stars) == .label(digit - 1))
    #expect(try index(label, .byNumber, stars) == .label(digit))
    #expect(throws: DataError.ambiguousLabel(file: "f", line: 1, label: Self.written(label), names: stars)) {
      try index(label, .recognized, stars)
    }
  }

  private static func written(_ label: JSON) -> String {
    label.string.map { "\"\($0)\"" } ?? label.integer.map { "\($0)" } ?? "\(label.double ?? 0)"
  }

  @Test("What has only the other meaning is outside the map")
  func outside() {
    #expect(throws: DataError.labelOutsideMap(file: "f", line: 1, label: "0", names: stars)) {
      try index(.integer(0), .byName, stars)
    }
    #expect(throws: DataError.labelOutsideMap(file: "f", line: 1, label: "5", names: stars)) {
      try index(.integer(5), .byNumber, stars)
    }
    #expect(throws: DataError.labelOutsideMap(file: "f", line: 1, label: "\"good\"", names: ["bad", "good"])) {
      try index(.string("good"), .byNumber, ["bad", "good"])
    }
    #expect(throws: DataError.missingLabel(file: "f", line: 1, column: "label", found: "-1")) {
      try index(.integer(-1), .byNumber, stars)
    }
  }

  @Test("A list gives each text its class, by name and else by number")
  func listed() throws {
    let names = ["negative", "neutral", "positive"]
    let reading = LabelReading.listed([
      .init("-1", "negative"), .init("0", "1"), .init("1", "POSITIVE"), .init("true", "positive"), .init("-", "0"),
    ])
    let labels: [(JSON, Int)] = [
      (.integer(-1), 0), (.string("-1"), 0), (.number(-1), 0), (.string("-1.0"), 0), (.integer(0), 1),
      (.string("1"), 2),
      (.bool(true), 2), (.string("true"), 2), (.string("-"), 0),
    ]
    for (label, class_) in labels { #expect(try index(label, reading, names) == .label(class_), "\(label)") }
    let listed = ["-1", "0", "1", "true", "-"]
    #expect(throws: DataError.labelNotListed(file: "f", line: 1, label: "\"positive\"", listed: listed)) {
      try index(.string("positive"), reading, names)
    }
    #expect(throws: DataError.missingLabel(file: "f", line: 1, column: "label", found: "null")) {
      try index(.null, reading, names)
    }
  }

  @Test("A list that names no class of the model is refused before any row")
  func unknownClass() {
    let map = LabelMap(names: ["bad", "good"], reading: .listed([.init("0", "bad"), .init("1", "2")]))
    for scheme in [LabelScheme.classes(map), .multiLabel(map)] {
      #expect(throws: DataError.unknownClass(file: "f", label: "1", meaning: "2", names: map.names)) {
        try scheme.check(file: "f")
      }
    }
  }

  @Test("Lists of several labels are classes and not zeros and ones, where the recipe says what they are")
  func severalLabels() throws {
    func labels(_ reading: LabelReading) throws -> Target {
      try LabelScheme.multiLabel(LabelMap(names: ["0", "1", "2"], reading: reading))
        .target(.array([.integer(0), .integer(1), .integer(1)]), column: "label", file: "f", line: 1)
    }
    #expect(try labels(.recognized) == .labels([false, true, true]))
    #expect(try labels(.byNumber) == .labels([true, true, false]))
    #expect(try labels(.byName) == .labels([true, true, false]))
  }
}
