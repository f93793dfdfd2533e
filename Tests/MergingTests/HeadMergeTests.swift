import LinearAlgebra
import Testing

@testable import Merging

@Suite("Merged heads")
struct HeadMergeTests {
  private let labels = [["no", "maybe", "yes"], ["yes", "no", "maybe"], ["maybe", "yes", "no"]]

  @Test("rows are matched by name and averaged by weight, in the first model's order")
  func average() throws {
    var random = SplitMix64(seed: 11)
    let lambda = [0.2, 0.5, 1.0]
    let heads = labels.map { _ in Tensor.random(rows: 3, columns: 5, &random) }
    let merge = try HeadMerge(labels: labels, coefficients: Coefficients(lambda, models: names(3)))
    #expect(merge.labels == labels[0])
    let merged = Tensor(rows: 3, columns: 5)
    try merge.merge("classifier.weight", into: merged.matrix) { heads[$0].matrix }
    for (row, label) in labels[0].enumerated() {
      for column in 0..<5 {
        var sum = 0.0
        for model in 0..<3 {
          let index = try #require(labels[model].firstIndex(of: label))
          sum += lambda[model] * Double(heads[model].matrix[index, column])
        }
        #expect(isNear(merged.matrix[row, column], Float(sum / 1.7)))
      }
    }
  }

  @Test("a model and itself in another order give the model, bit by bit; a bias too")
  func itself() throws {
    var random = SplitMix64(seed: 12)
    let first = Tensor.random(rows: 3, columns: 1, &random)
    // The same rows in the order of each model's names.
    let heads = labels.map { order in
      Tensor(order.map { label in first.array[labels[0].firstIndex(of: label) ?? 0] })
    }
    let merge = try HeadMerge(labels: labels, coefficients: .uniform(models: names(3)))
    let merged = Tensor(rows: 3)
    try merge.merge("classifier.bias", into: merged.matrix) { heads[$0].matrix }
    #expect(sameBits(merged.array, first.array))
  }

  @Test("other names, another number of them, a name twice, other bytes: an error with both maps")
  func mismatch() throws {
    let e = "\u{E9}"
    let decomposed = "e\u{301}"
    for (a, b) in [
      (["no", "yes"], ["no", "Yes"]), (["no", "yes"], ["no", "yes", "maybe"]),
      (["no", "maybe", "yes"], ["no", "yes"]),
      (["no", "yes"], ["no", "no"]), ([e], [decomposed]),
    ] {
      #expect(throws: MergingError.differentLabels(first: "model0", second: "model1", maps: [a, b])) {
        try HeadMerge(labels: [a, b], coefficients: .uniform(models: names(2)))
      }
    }
    let error = MergingError.differentLabels(first: "x", second: "y", maps: [["no", "yes"], ["0", "1"]])
    #expect(error.description.contains("x and y: id2label: the heads have different labels (no, yes and 0, 1)"))
    #expect(error.exitCode == .badInput)
  }

  @Test("a head of another shape, and one that is not finite")
  func shapes() throws {
    let merge = try HeadMerge(labels: [["a", "b"], ["b", "a"]], coefficients: .uniform(models: names(2)))
    let target = Tensor(rows: 2, columns: 3)
    let fitting = Tensor(rows: 2, columns: 3) { _ in 1 }
    let narrow = Tensor(rows: 2, columns: 2) { _ in 1 }
    let tall = Tensor(rows: 3, columns: 3) { _ in 1 }
    #expect(
      throws: MergingError.countMismatch(subject: "w", what: "columns of model1", expected: 3, found: 2)
    ) { try merge.merge("w", into: target.matrix) { [fitting, narrow][$0].matrix } }
    #expect(throws: MergingError.countMismatch(subject: "w", what: "rows of model1", expected: 2, found: 3)) {
      try merge.merge("w", into: target.matrix) { [fitting, tall][$0].matrix }
    }
    let infinite = Tensor(rows: 2, columns: 3) { $0 == 1 ? .infinity : 1 }
    // The infinity of row 0 of the second model belongs to the label that is row 1 of the first.
    #expect(throws: MergingError.nonFiniteResult(tensor: "w", element: 4)) {
      try merge.merge("w", into: target.matrix) { [fitting, infinite][$0].matrix }
    }
    #expect(throws: MergingError.countMismatch(subject: "heads", what: "label maps", expected: 2, found: 1)) {
      try HeadMerge(labels: [["a"]], coefficients: .uniform(models: names(2)))
    }
  }
}
