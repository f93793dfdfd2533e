import Checkpoints
import Encoders
import Foundation
import Metrics

/// The lines of `--predictions`: one JSON object for each example.
enum PredictionLines {
  /// - Parameter rows: the row of the data file of each example, from 0.
  static func text(
    logits: Logits, labels: Answers, problem: EncoderConfiguration.Problem, names: [String], rows: [Int]
  ) -> String {
    func set(_ flags: [Bool]) -> JSON { .array(zip(names, flags).filter(\.1).map { .string($0.0) }) }
    let answers = logits.answers(problem)
    var text = ""
    for (example, row) in rows.enumerated() {
      var line: [JSON.Member] = [JSON.Member(key: "row", value: .integer(row))]
      func add(_ key: String, _ value: JSON) { line.append(JSON.Member(key: key, value: value)) }
      for (key, said) in [("prediction", answers), ("label", labels)] {
        switch said {
        case .classes(let classes, _): add(key, .string(names[classes[example]]))
        case .labelSets(let sets): add(key, set(sets[example]))
        case .values(let values): add(key, .number(values[example]))
        }
      }
      if problem != .regression {
        let p = probabilities(logits[example].map { Double($0) }, problem)
        add("probabilities", .object(zip(names, p).map { JSON.Member(key: $0, value: .number($1)) }))
      }
      text += JSON.object(line).serialized(indentation: nil) + "\n"
    }
    return text
  }

  /// Softmax, or a sigmoid of each.
  private static func probabilities(_ z: [Double], _ problem: EncoderConfiguration.Problem) -> [Double] {
    guard problem == .singleLabel, let largest = z.max() else { return z.map { 1 / (1 + exp(-$0)) } }
    let powers = z.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
