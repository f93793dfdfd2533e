import Encoders
import Metrics

/// The head's outputs for a list of examples, [examples, C].
package struct Logits: Sendable, Equatable {
  /// C, the number of outputs.
  package let width: Int
  /// In row order, an example each.
  package let values: [Float]

  package init(width: Int, values: [Float]) {
    precondition(width > 0 && values.count.isMultiple(of: width), "whole rows of outputs")
    self.width = width
    self.values = values
  }

  /// The number of examples.
  package var count: Int { values.count / width }

  /// The outputs for one example.
  package subscript(example: Int) -> ArraySlice<Float> { values[example * width..<(example + 1) * width] }

  /// What the outputs say: the class of the largest, all labels with a probability of at least one half, or the number.
  package func answers(_ problem: EncoderConfiguration.Problem) -> Answers {
    let rows = (0..<count).lazy.map { self[$0] }
    switch problem {
    case .regression: return .values(rows.map { Double($0[$0.startIndex]) })
    case .multiLabel: return .labelSets(rows.map { $0.map { $0 >= 0 } })
    case .singleLabel:
      return .classes(
        rows.map { row in
          // The first of the largest, as argmax is defined everywhere else.
          row.indices.reduce(row.startIndex) { row[$1] > row[$0] ? $1 : $0 } - row.startIndex
        }, count: width)
    }
  }

  /// The same outputs with column c taken from `columns[c]`.
  package func reordered(_ columns: [Int]) -> Logits {
    guard columns != Array(0..<width) else { return self }
    return Logits(
      width: width,
      values: (0..<count).flatMap { example in columns.map { values[example * width + $0] } })
  }

  /// The mean of several models' outputs, taken in Double: an ensemble. Of equal outputs it is these, bit by bit.
  ///
  /// - Parameter members: at least one, with the same examples and labels in the same order.
  package static func mean(_ members: [Logits]) -> Logits {
    precondition(
      members.allSatisfy { $0.width == members[0].width && $0.values.count == members[0].values.count },
      "outputs of the same examples")
    let values = members[0].values.indices.map { index in
      Float(members.reduce(-0.0) { $0 + Double($1.values[index]) } / Double(members.count))
    }
    return Logits(width: members[0].width, values: values)
  }
}
