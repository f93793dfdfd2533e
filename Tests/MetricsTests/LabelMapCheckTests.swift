import Testing

@testable import Metrics

@Suite("The check of label maps")
struct LabelMapCheckTests {
  private static let six = ["description", "entity", "abbreviation", "human", "location", "numeric"]

  /// Labels of `names.count` classes, and predictions that are right with the probability `skill`, else any class;
  /// class c of the model stands for the label `order[c]`.
  private func model(
    _ n: Int, order: [Int], skill: Double, seed: UInt64, prior: [Double]? = nil
  ) -> (labels: [Int], predictions: [Int]) {
    var random = Random(seed: seed)
    let classes = order.count
    var labels: [Int] = []
    var predictions: [Int] = []
    for _ in 0..<n {
      var label = Int.random(in: 0..<classes, using: &random)
      if let prior {
        var left = Double.random(in: 0..<1, using: &random)
        label =
          prior.firstIndex { share in
            left -= share
            return left < 0
          } ?? classes - 1
      }
      labels.append(label)
      let isSkilled = Double.random(in: 0..<1, using: &random) < skill
      predictions.append(
        isSkilled ? order.firstIndex(of: label) ?? 0 : Int.random(in: 0..<classes, using: &random))
    }
    return (labels, predictions)
  }

  @Test("a good, a middling and a weak model are not suspected", arguments: [0.95, 0.6, 0.25])
  func sound(skill: Double) {
    for seed in 0..<20 {
      let (labels, predictions) = model(500, order: Array(0..<6), skill: skill, seed: UInt64(seed))
      #expect(LabelMapCheck.find(labels: labels, predictions: predictions, names: Self.six) == nil)
    }
  }

  @Test("any order of the labels is found", arguments: [[3, 0, 5, 2, 1, 4], [0, 1, 2, 4, 3, 5], [5, 4, 3, 2, 1, 0]])
  func permuted(order: [Int]) throws {
    let (labels, predictions) = model(300, order: order, skill: 0.9, seed: 7)
    let finding = try #require(LabelMapCheck.find(labels: labels, predictions: predictions, names: Self.six))
    #expect(finding.kind == .permuted && finding.permutation == order)
    let right = zip(labels, predictions).count { $0 == order[$1] }
    #expect(finding.permutedAccuracy == Double(right) / 300 && finding.permutedAccuracy > 0.85)
    #expect(finding.accuracy == Double(zip(labels, predictions).count { $0 == $1 }) / 300)
    let moved = order.indices.filter { order[$0] != $0 }
    #expect(finding.changes.map(\.index) == moved)
    #expect(finding.changes.map(\.fitting) == moved.map { Self.six[order[$0]] })
    let text = finding.text(model: "trec")
    for index in moved {
      #expect(text.contains("\"\(index)\": \"\(Self.six[order[index]])\"   (now \"\(Self.six[index])\")"), "\(text)")
    }
    #expect(!order.indices.contains { order[$0] == $0 && text.contains("\"\($0)\":") }, "\(text)")
  }

  @Test("two classes the wrong way round, in few examples and uneven shares")
  func inverted() throws {
    let (labels, predictions) = model(60, order: [1, 0], skill: 0.9, seed: 3, prior: [0.3, 0.7])
    let finding = try #require(
      LabelMapCheck.find(labels: labels, predictions: predictions, names: ["negative", "positive"]))
    #expect(finding.kind == .permuted && finding.permutation == [1, 0])
    #expect(
      LabelMapCheck.find(
        labels: Array(labels.prefix(29)), predictions: Array(predictions.prefix(29)), names: ["negative", "positive"])
        == nil)
  }

  @Test("answers that have nothing to do with the labels are chance, and no order is made out of them")
  func unrelated() {
    var suspected = 0
    var trials = 0
    for classes in [2, 3, 6, 20] {
      for n in [30, 100, 500] {
        for seed in 0..<25 {
          let (labels, predictions) = model(n, order: Array(0..<classes), skill: 0, seed: UInt64(1000 + seed))
          let names = (0..<classes).map { "LABEL_\($0)" }
          let finding = LabelMapCheck.find(labels: labels, predictions: predictions, names: names)
          #expect(finding?.kind != .permuted, "\(classes) classes, \(n) examples, seed \(seed)")
          trials += 1
          if finding?.kind == .chance { suspected += 1 }
        }
      }
    }
    // Two standard errors: chance looks better than chance in a few of a hundred.
    #expect(Double(suspected) / Double(trials) > 0.93, "\(suspected) of \(trials)")
  }

  @Test("a model that says one thing only is no permuted one", arguments: [0, 1, 2])
  func collapsed(answer: Int) {
    let (labels, _) = model(400, order: [0, 1, 2], skill: 1, seed: 1, prior: [0.6, 0.25, 0.15])
    let names = ["entailment", "neutral", "contradiction"]
    let finding = LabelMapCheck.find(labels: labels, predictions: labels.map { _ in answer }, names: names)
    #expect(finding?.kind == .chance)
    #expect(finding?.text(model: "m").contains("no better than chance") == true)
  }

  @Test("a model that takes most of one class for another is no permuted one")
  func biased() {
    let (labels, _) = model(600, order: [0, 1, 2], skill: 1, seed: 2, prior: [0.6, 0.2, 0.2])
    // Most of class 0 is called 1, all of class 1 is too: 1 for 0 would be right more often, but no class stands for 1
    // then.
    let predictions = labels.enumerated().map { $1 == 0 && $0 % 5 != 0 ? 1 : $1 }
    let matrix = ConfusionMatrix(classes: 3, labels: labels, predictions: predictions)
    #expect(matrix.bestPermutation == [1, 0, 2], "otherwise this shows nothing")
    let names = ["a", "b", "c"]
    #expect(LabelMapCheck.find(labels: labels, predictions: predictions, names: names)?.kind != .permuted)
  }

  @Test("another order that is better but not worth having, or not better beyond doubt, is none")
  func unconvincing() {
    let names = ["a", "b", "c", "d"]
    // Nothing is known of the most frequent label, so that no order does better than always naming it; the others are
    // swapped.
    let rare = (0..<500).map { $0 % 10 < 8 ? 0 : $0 % 10 - 7 }
    let swapped = rare.enumerated().map { $1 == 0 ? $0 / 10 % 3 : 3 - $1 }
    #expect(ConfusionMatrix(classes: 4, labels: rare, predictions: swapped).bestPermutation == [0, 2, 1, 3])
    #expect(LabelMapCheck.find(labels: rare, predictions: swapped, names: names)?.kind == .chance)
    // Two of four classes are mixed up, and taken for each other a little more often than for themselves.
    let even = (0..<80).map { $0 / 2 % 4 }
    let mixed = even.enumerated().map { $1 >= 2 && $0 / 8 % 5 < 3 ? 5 - $1 : $1 }
    #expect(ConfusionMatrix(classes: 4, labels: even, predictions: mixed).bestPermutation == [0, 1, 3, 2])
    #expect(LabelMapCheck.find(labels: even, predictions: mixed, names: names) == nil)
  }

  @Test("data of one label say nothing")
  func oneLabel() {
    let labels = [Int](repeating: 1, count: 100)
    #expect(LabelMapCheck.find(labels: labels, predictions: labels.map { _ in 0 }, names: ["a", "b"]) == nil)
  }
}
