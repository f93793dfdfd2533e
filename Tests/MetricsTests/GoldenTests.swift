import Checkpoints
import TestSupport
import Testing

@testable import Metrics

/// What `Tests/Reference/metrics.py` computed from the definitions.
private func golden(_ kind: String) throws -> [JSON] {
  let json = try JSON(contentsOf: Reference.directory.appending("metrics.json"))
  return try #require(json[kind]?.array)
}

private func integers(_ json: JSON?) -> [Int] { (json?.array ?? []).compactMap(\.integer) }
private func doubles(_ json: JSON?) -> [Double] { (json?.array ?? []).compactMap(\.double) }

/// Whether both are undefined, or equal to rounding.
private func agree(_ value: Double?, _ wanted: JSON?, relative: Double = 1e-12) -> Bool {
  guard let wanted = wanted?.double else { return value == nil && wanted?.isNull == true }
  return value.map { abs($0 - wanted) <= relative * max(1e-3, abs(wanted)) } ?? false
}

@Suite("Metrics against their definitions")
struct GoldenTests {
  @Test("of classes: accuracy, F1, Matthews, tables, majority, best assignment")
  func classification() throws {
    let cases = try golden("classification")
    #expect(cases.count >= 13)
    for json in cases {
      let classes = try #require(json["classes"]?.integer)
      let (labels, predictions) = (integers(json["labels"]), integers(json["predictions"]))
      let matrix = ConfusionMatrix(classes: classes, labels: labels, predictions: predictions)
      #expect(matrix.rows == json["confusion"]?.array?.map { integers($0) })
      #expect(agree(matrix.accuracy, json["accuracy"]) && agree(matrix.f1, json["f1"]))
      #expect(agree(matrix.matthews, json["matthews"]), "\(matrix.matthews as Any) \(json["matthews"] as Any)")
      for label in 0..<classes {
        #expect(agree(matrix.precision(label), json["precision"]?.array?[label]))
        #expect(agree(matrix.recall(label), json["recall"]?.array?[label]))
        #expect(agree(matrix.f1(label), json["class_f1"]?.array?[label]))
        #expect(matrix.support(label) == labels.count { $0 == label })
        #expect(matrix.predicted(label) == predictions.count { $0 == label })
      }
      #expect(matrix.majority == json["majority"]?.integer)
      #expect(matrix.correct(under: matrix.bestPermutation) == json["best_correct"]?.integer)
      let score = Score(
        .accuracy, of: .classes(predictions, count: classes), labels: .classes(labels, count: classes))
      #expect(agree(score.value, json["accuracy"]) && agree(score.standardError, json["standard_error"]))
    }
  }

  @Test("of independent labels: exact match, and the mean F1 of all labels")
  func independentLabels() throws {
    let cases = try golden("label_sets")
    #expect(cases.count >= 6)
    for json in cases {
      func sets(_ key: String) -> Answers {
        .labelSets((json[key]?.array ?? []).map { row in (row.array ?? []).compactMap(\.bool) })
      }
      let (labels, answers) = (sets("labels"), sets("predictions"))
      #expect(agree(Score(.f1, of: answers, labels: labels).value, json["f1"]), "\(json)")
      #expect(agree(Score(.exactMatch, of: answers, labels: labels).value, json["exact_match"]))
    }
  }

  @Test("of numbers: Pearson, Spearman, ranks")
  func numbers() throws {
    let cases = try golden("numbers")
    #expect(cases.count >= 9)
    for json in cases {
      let (x, y) = (doubles(json["x"]), doubles(json["y"]))
      #expect(ranks(x) == doubles(json["ranks"]))
      // A mean a million times the spread costs six digits.
      #expect(agree(pearson(x, y), json["pearson"], relative: 1e-10), "\(json)")
      #expect(agree(spearman(x, y), json["spearman"]), "\(json)")
      #expect(pearson(x, y) == pearson(y, x))
    }
  }

  @Test("the best assignment has the largest sum, and each row and column once")
  func assignment() throws {
    let cases = try golden("assignment")
    #expect(cases.count >= 7)
    for json in cases {
      let rows = (json["weights"]?.array ?? []).map { integers($0) }
      let assigned = Assignment.maximumWeight(rows.flatMap { $0 }, size: rows.count)
      #expect(assigned.sorted() == Array(rows.indices))
      #expect(assigned.enumerated().reduce(0) { $0 + rows[$1.element][$1.offset] } == json["best"]?.integer)
    }
  }
}

@Suite("Metrics' rules")
struct MetricTests {
  @Test("among equal assignments nothing is moved without reason")
  func ties() {
    #expect(Assignment.maximumWeight([Int](repeating: 3, count: 25), size: 5) == [0, 1, 2, 3, 4])
    // Columns 1 and 2 must change places; 0 and 3 could as well, without gain.
    let weights = [1, 0, 0, 1, 0, 0, 5, 0, 0, 5, 0, 0, 1, 0, 0, 1]
    #expect(Assignment.maximumWeight(weights, size: 4) == [0, 2, 1, 3])
    #expect(Assignment.maximumWeight([], size: 0) == [])
    // Few different weights have many equal sums. All orders of four:
    let orders = (0..<256).map { code in (0..<4).map { code >> (2 * $0) & 3 } }.filter { Set($0).count == 4 }
    var random = Random(seed: 6)
    for _ in 0..<300 {
      let weights = (0..<16).map { _ in Int.random(in: 0...2, using: &random) }
      func sum(_ order: [Int]) -> Int { order.enumerated().reduce(0) { $0 + weights[$1.element * 4 + $1.offset] } }
      func fixed(_ order: [Int]) -> Int { order.indices.count { order[$0] == $0 } }
      let best = orders.map { sum($0) }.max()
      let chosen = Assignment.maximumWeight(weights, size: 4)
      #expect(sum(chosen) == best)
      #expect(fixed(chosen) == orders.filter { sum($0) == best }.map { fixed($0) }.max())
    }
  }

  @Test("a hundred classes in any order are found again")
  func large() {
    var random = Random(seed: 5)
    let order = (0..<120).shuffled(using: &random)
    var matrix = ConfusionMatrix(classes: 120)
    for label in 0..<120 {
      for _ in 0..<8 { matrix.add(label: order[label], prediction: label) }
      for _ in 0..<4 { matrix.add(label: order[label], prediction: Int.random(in: 0..<120, using: &random)) }
    }
    #expect(matrix.bestPermutation == order)
  }

  @Test("a task of GLUE by any of its names")
  func tasks() {
    #expect(GLUETask(name: "SST-2") == .sst2 && GLUETask(name: "STS_B") == .stsb && GLUETask(name: "CoLA") == .cola)
    #expect(GLUETask(name: "mnli_mismatched") == .mnli && GLUETask(name: "mnli-mm") == .mnli)
    #expect(GLUETask(name: "trec") == nil && GLUETask(name: "") == nil)
    #expect(GLUETask.cola.metrics == [.matthews] && GLUETask.stsb.metrics == [.pearson, .spearman])
    #expect(GLUETask.mrpc.metrics == [.accuracy, .f1] && GLUETask.qqp.metrics == [.accuracy, .f1])
    #expect([GLUETask.sst2, .mnli, .qnli, .rte, .wnli].allSatisfy { $0.metrics == [.accuracy] })
  }

  @Test("independent labels: all of them right, and the mean of their F1")
  func labelSets() {
    let labels = Answers.labelSets([[true, false], [true, true], [false, false], [false, true]])
    let answers = Answers.labelSets([[true, false], [true, false], [false, false], [true, true]])
    #expect(Score(.exactMatch, of: answers, labels: labels).value == 0.5)
    #expect(Score(.exactMatch, of: answers, labels: labels).standardError == 0.25)
    // First label: 2 right, 1 too many. Second: 1 right, 1 missed.
    let f1 = Score(.f1, of: answers, labels: labels)
    #expect(abs((f1.value ?? 0) - (4.0 / 5 + 2.0 / 3) / 2) < 1e-15 && f1.standardError == nil)
    #expect(Score(.accuracy, of: answers, labels: labels).value == nil)
  }

  @Test("the majority's answers: the most frequent label, the first of several; none for numbers")
  func majority() {
    #expect(Answers.classes([2, 0, 2, 1], count: 3).majority == .classes([2, 2, 2, 2], count: 3))
    #expect(Answers.classes([1, 0], count: 2).majority == .classes([0, 0], count: 2))
    let sets = [[true, false], [false, false], [false, false]]
    #expect(Answers.labelSets(sets).majority == .labelSets([[Bool]](repeating: [false, false], count: 3)))
    #expect(Answers.values([1, 1]).majority == nil && Answers.classes([], count: 2).majority == nil)
  }
}

/// Steele, Lea and Flood's generator: a fixed sequence for every seed.
struct Random: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
