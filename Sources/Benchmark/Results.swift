import Checkpoints
import Foundation
import LinearAlgebra
import SystemPackage

/// What is to be reached.
struct Goal: Equatable {
  enum Relation: String { case atLeast = ">=", atMost = "<=" }
  let relation: Relation
  let limit: Double

  static func atLeast(_ limit: Double) -> Goal { Goal(relation: .atLeast, limit: limit) }
  static func atMost(_ limit: Double) -> Goal { Goal(relation: .atMost, limit: limit) }

  var text: String { "\(relation.rawValue) \(Results.digits(limit))" }

  func isMet(by value: Double) -> Bool { relation == .atLeast ? value >= limit : value <= limit }

  /// How far a value is on its way to the goal: 1 is there, more is beyond.
  func share(of value: Double) -> Double {
    switch relation {
    case .atLeast: max(0, value / limit)
    case .atMost: value > 0 ? limit / value : .infinity
    }
  }
}

/// One measured number, or a fact about the machine.
struct Row {
  enum Value: Equatable {
    case number(Double)
    case text(String)
    /// Not measured, and why.
    case missing(String)
  }

  /// Stable, for those who read the JSON.
  let name: String
  /// For people.
  let title: String
  let value: Value
  var unit = "ratio"
  var goal: Goal?

  var number: Double? { if case .number(let number) = value { number } else { nil } }
  /// Nil without a goal, or where it was not measured.
  var isMet: Bool? {
    guard let goal, let number else { return nil }
    return goal.isMet(by: number)
  }
}

/// All rows of one run.
struct Results {
  private(set) var rows: [Row] = []

  mutating func add(_ name: String, _ title: String, _ value: Double, unit: String = "ratio", goal: Goal? = nil) {
    let isNumber = value.isFinite
    rows.append(
      Row(name: name, title: title, value: isNumber ? .number(value) : .missing("no time"), unit: unit, goal: goal))
  }

  mutating func skip(_ name: String, _ title: String, because reason: String, unit: String = "ratio", goal: Goal? = nil)
  {
    rows.append(Row(name: name, title: title, value: .missing(reason), unit: unit, goal: goal))
  }

  mutating func describe(_ name: String, _ title: String, _ text: String) {
    rows.append(Row(name: name, title: title, value: .text(text), unit: "text"))
  }

  subscript(name: String) -> Row? { rows.first { $0.name == name } }

  static let processorName = "processor"
  static let coreName = "blas_core"

  mutating func describeMachine() {
    describe(Self.processorName, "processor", Self.processor)
    describe(Self.coreName, "OpenBLAS core type", Processor.blasCore)
    describe("kernel_level", "instruction level of the kernels", "\(Processor.kernelLevel)")
    if Processor.blasCoreIsOutdated {
      say("OpenBLAS uses \(Processor.blasCore), older than this processor: is OPENBLAS_CORETYPE set?")
    }
  }

  /// The first processor's model as Linux names it.
  private static var processor: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    func field(_ name: String) -> String? {
      text.split(separator: "\n").first { $0.hasPrefix(name) }?.split(separator: ":").last
        .map { $0.trimmingCharacters(in: .whitespaces) }
    }
    guard let model = field("model name") else { return "unknown" }
    // Virtual machines give many processors one name; the numbers tell them apart.
    let numbers = ["cpu family", "model\t", "stepping"].compactMap(field)
    return numbers.isEmpty ? model : "\(model) (\(numbers.joined(separator: "/")))"
  }

  func json() -> String {
    let lines = rows.map { row in
      let value: JSON =
        switch row.value {
        case .number(let number): .number(Double(Self.digits(number, 5)) ?? number)
        case .text(let text): .string(text)
        case .missing: .null
        }
      let json: JSON = [
        "name": .string(row.name), "value": value, "unit": .string(row.unit),
        "goal": row.goal.map { .string($0.text) } ?? .null, "met": row.isMet.map { .bool($0) } ?? .null,
      ]
      return json.serialized(indentation: nil)
    }
    return "[\n" + lines.joined(separator: ",\n") + "\n]\n"
  }

  /// The rows as a table, what was not met marked by "no".
  func table(against earlier: EarlierResults?) -> String {
    var heading = ["what", "measured", "goal", "met"]
    if earlier != nil { heading.append("÷ earlier") }
    let lines =
      [heading]
      + rows.map { row in
        var cells = [row.title]
        switch row.value {
        case .number(let number): cells.append(Self.digits(number) + (row.unit == "ratio" ? "" : " \(row.unit)"))
        case .text(let text): cells.append(text)
        case .missing(let reason): cells.append("– (\(reason))")
        }
        cells += [row.goal?.text ?? "", row.isMet.map { $0 ? "yes" : "no" } ?? ""]
        if let earlier {
          cells.append(earlier.value(row.name).flatMap { old in row.number.map { Self.digits($0 / old) } } ?? "")
        }
        return cells
      }
    let widths = heading.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { cells in
      zip(cells, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
        .replacing(/\s+$/, with: "")
    }.joined(separator: "\n")
  }

  /// Three significant digits, or as many as are asked for.
  static func digits(_ value: Double, _ count: Int = 3) -> String {
    guard value != 0, value.isFinite else { return "\(value)" }
    let decimals = max(0, count - 1 - Int(log10(abs(value)).rounded(.down)))
    var text = String(format: "%.\(decimals)f", value)
    if text.contains(".") { text = text.replacing(/\.?0+$/, with: "") }
    return text
  }
}

/// The rows of an earlier run's `--json` file.
struct EarlierResults {
  let path: String
  private let rows: [JSON]

  init(path: String) throws {
    guard let rows = (try? JSON(contentsOf: FilePath(path)))?.array,
      rows.contains(where: { $0["name"]?.string == Results.coreName })
    else { throw BenchmarkError.unreadableResults(file: path) }
    self.path = path
    self.rows = rows
  }

  private func row(_ name: String) -> JSON? { rows.first { $0["name"]?.string == name } }
  func value(_ name: String) -> Double? { row(name)?["value"]?.double }

  /// Another processor, or other kernels of OpenBLAS, would be taken for a change of this program.
  func requireSameMachine(_ results: Results) throws {
    for name in [Results.processorName, Results.coreName] {
      guard let here = results[name], case .text(let text) = here.value else { continue }
      let there = row(name)?["value"]?.string ?? "unknown"
      guard there == text else {
        throw BenchmarkError.otherMachine(file: path, what: here.title, there: there, here: text)
      }
    }
  }
}

/// Says on standard error what goes on.
func say(_ text: String) { FileHandle.standardError.write(Data("benchmark: \(text)\n".utf8)) }
