import Checkpoints
import Testing

@testable import Datasets

@Suite("Labels")
struct LabelTests {
  let map = LabelMap(names: ["negative", "positive", "Neutral"])

  func target(_ scheme: LabelScheme, _ label: JSON) throws -> Target {
    try scheme.target(label, column: "label", file: "f.csv", line: 3)
  }

  @Test(
    "A class is a number, a name, or a name in another case",
    arguments: [
      (JSON.integer(2), 2), (.string("2"), 2), (.string("Neutral"), 2), (.string("NEUTRAL"), 2),
      (.string("negative"), 0), (.number(2.0), 2), (.number(-0.0), 0), (.string("2.0"), 2), (.string("0.000"), 0),
    ])
  func classes(label: JSON, index: Int) throws {
    #expect(try target(.classes(map), label) == .label(index))
  }

  @Test(
    "A label outside the map is named with the map",
    arguments: [
      (JSON.integer(3), "3"), (.integer(-2), "-2"), (.string("3"), "\"3\""), (.string("--"), "\"--\""),
      (.string(" "), "\" \""), (.string("3.0"), "\"3.0\""), (.string("-2.0"), "\"-2.0\""), (.number(3), "3.0"),
      (.string("1.5"), "\"1.5\""), (.string("1."), "\"1.\""), (.string(".0"), "\".0\""),
      (.string("1.0.0"), "\"1.0.0\""), (.string("0x1"), "\"0x1\""), (.string("1.0 "), "\"1.0 \""),
      (.string("true"), "\"true\""),
    ])
  func outside(label: JSON, written: String) {
    let error = DataError.labelOutsideMap(file: "f.csv", line: 3, label: written, names: map.names)
    #expect(throws: error) { try target(.classes(map), label) }
    #expect("\(error)".hasPrefix("f.csv:3: the label \(written) is not in the label map {0: \"negative\", 1: "))
  }

  @Test(
    "Labels of another kind are refused",
    arguments: [JSON.null, .bool(true), .bool(false), .number(1.5), .number(1e300), .array([]), .object([])])
  func kinds(label: JSON) {
    #expect(throws: DataError.self) { try target(.classes(map), label) }
    if label.double == nil { #expect(throws: DataError.self) { try target(.number, label) } }
    if label != .array([]) { #expect(throws: DataError.self) { try target(.multiLabel(map), label) } }
  }

  @Test(
    "What published files have in place of a label is told from a wrong one",
    arguments: [
      (JSON.null, "null"), (.string(""), "\"\""), (.string("-"), "\"-\""), (.string("-1"), "\"-1\""),
      (.integer(-1), "-1"), (.number(-1), "-1.0"), (.string("-1.0"), "\"-1.0\""),
    ])
  func missing(label: JSON, written: String) throws {
    let error = DataError.missingLabel(file: "f.csv", line: 3, column: "label", found: written)
    #expect(throws: error) { try target(.classes(map), label) }
    let isNumber = Double(label.string ?? "") != nil || label.double != nil
    if !isNumber { #expect(throws: error) { try target(.number, label) } }
    // A class may be called so.
    let dashes = LabelMap(names: ["-", "-1"])
    if let text = label.string, !text.isEmpty { #expect((try? target(.classes(dashes), .string(text))) != nil) }
    // An empty field is the empty list.
    if label == .null || label == .integer(-1) || label == .string("-") {
      #expect(throws: DataError.self) { try target(.multiLabel(map), label) }
    }
    if label == .null { #expect(throws: error) { try target(.multiLabel(map), label) } }
  }

  @Test("A regression with several outputs takes a list of as many numbers")
  func severalNumbers() throws {
    for label in [JSON.array([.number(0.5), .integer(-2)]), .string("[0.5, -2]"), .string("0.5, -2")] {
      #expect(try target(.numbers(2), label) == .values([0.5, -2]))
    }
    #expect(throws: DataError.labelCount(file: "f.csv", line: 3, expected: 2, found: 1)) {
      try target(.numbers(2), .array([.number(1)]))
    }
    #expect(throws: DataError.labelNotNumber(file: "f.csv", line: 3, label: "\"x\"")) {
      try target(.numbers(2), .array([.number(1), .string("x")]))
    }
    #expect(throws: DataError.missingLabel(file: "f.csv", line: 3, column: "label", found: "null")) {
      try target(.numbers(2), .null)
    }
  }

  @Test("An exact name comes before one in another case, and a name that contradicts a number is refused")
  func precedence() throws {
    let cases = LabelMap(names: ["A", "a", "1", "x"])
    #expect(try target(.classes(cases), .string("a")) == .label(1))
    #expect(try target(.classes(cases), .string("A")) == .label(0))
    #expect(try target(.classes(cases), .integer(3)) == .label(3))
    #expect(throws: DataError.ambiguousLabel(file: "f.csv", line: 3, label: "\"1\"", names: cases.names)) {
      try target(.classes(cases), .string("1"))
    }
    let doubled = LabelMap(names: ["Yes", "YES", "0"])
    #expect(throws: DataError.ambiguousLabel(file: "f.csv", line: 3, label: "\"yes\"", names: doubled.names)) {
      try target(.classes(doubled), .string("yes"))
    }
  }

  @Test("A number with a fraction of zeros never contradicts the same number without one")
  func fractions() throws {
    // A class named by a digit is meant by its name: 5.0 is the text that was 5.
    let stars = LabelMap(names: ["1", "2", "3", "4", "5"])
    #expect(try target(.classes(stars), .string("5.0")) == .label(4))
    for text in ["1", "1.0"] {
      #expect(throws: DataError.ambiguousLabel(file: "f.csv", line: 3, label: "\"\(text)\"", names: stars.names)) {
        try target(.classes(stars), .string(text))
      }
    }
    // A number of JSON is no clearer: data sets have class numbers and stars alike.
    for (label, written) in [(JSON.integer(1), "1"), (.number(1.0), "1.0")] {
      #expect(throws: DataError.ambiguousLabel(file: "f.csv", line: 3, label: written, names: stars.names)) {
        try target(.classes(stars), label)
      }
    }
    #expect(try target(.classes(stars), .integer(5)) == .label(4))
    #expect(try target(.classes(stars), .integer(0)) == .label(0))
    let named = LabelMap(names: ["0.0", "1.0"])
    for text in ["1", "1.0"] { #expect(try target(.classes(named), .string(text)) == .label(1)) }
  }

  @Test("Names are compared byte by byte")
  func bytes() throws {
    let names = LabelMap(names: ["caf\u{E9}", "cafe\u{301}"])
    #expect(try target(.classes(names), .string("cafe\u{301}")) == .label(1))
  }

  @Test("Several labels are names, numbers, or as many zeros and ones as there are classes")
  func multiLabel() throws {
    func labels(_ label: JSON) throws -> Target { try target(.multiLabel(map), label) }
    #expect(try labels(.array([])) == .labels([false, false, false]))
    #expect(try labels(.array([.string("positive"), .string("neutral")])) == .labels([false, true, true]))
    #expect(try labels(.array([.integer(2), .integer(0)])) == .labels([true, false, true]))
    #expect(try labels(.array([.number(2.0), .number(0.0)])) == .labels([true, false, true]))
    #expect(try labels(.string("2.0, positive")) == .labels([false, true, true]))
    #expect(try labels(.array([.integer(1), .integer(0), .integer(1)])) == .labels([true, false, true]))
    #expect(try labels(.array([.number(0), .number(1), .number(0)])) == .labels([false, true, false]))
    #expect(try labels(.array([.bool(true), .bool(false), .bool(false)])) == .labels([true, false, false]))
    #expect(try labels(.string("[0, 1, 1]")) == .labels([false, true, true]))
    #expect(try labels(.string("[\"negative\"]")) == .labels([true, false, false]))
    #expect(try labels(.string("positive, 2")) == .labels([false, true, true]))
    #expect(try labels(.string("")) == .labels([false, false, false]))
    #expect(throws: DataError.self) { try labels(.array([.integer(3)])) }
    #expect(throws: DataError.self) { try labels(.string("[0")) }
    #expect(throws: DataError.self) { try labels(.integer(1)) }
  }

  @Test("A regression takes finite numbers only")
  func numbers() throws {
    #expect(try target(.number, .integer(4)) == .value(4))
    #expect(try target(.number, .number(-0.5)) == .value(-0.5))
    #expect(try target(.number, .string("3.75")) == .value(3.75))
    for text in ["good", "nan", "inf", "1e999", "3,5"] {
      #expect(throws: DataError.labelNotNumber(file: "f.csv", line: 3, label: "\"\(text)\"")) {
        try target(.number, .string(text))
      }
    }
  }
}
