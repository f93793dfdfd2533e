@testable import Datasets
@testable import MessagePassing
import Checkpoints
import Diagnostics
import Encoders
import Metrics
import TestSupport
import Testing
import Tokenizers

@testable import Scoring

/// The nine examples of the reference with a model's labels.
private func examples(for model: String, _ problem: EncoderConfiguration.Problem) throws -> TokenizedExamples {
  let block = try Reference.block(for: model, outputs: problem)
  var examples = TokenizedExamples(fileRowCount: block.rows.count)
  for index in block.rows.indices {
    let tokens = block.batch.segments[index]
    examples.append(
      Encoding(
        ids: Array(block.batch.tokens[tokens]), typeIDs: Array(block.batch.types[tokens]),
        textTokenCount: tokens.count - 2, isTruncated: false),
      rowIndex: index, target: block.targets[index])
  }
  return examples
}

@Suite("Evaluation in memory")
struct EvaluationTests {
  @Test(
    "logits are those of the reference, and metrics those of its logits",
    arguments: ["three", "regression", "multilabel"])
  func reference(name: String) throws {
    let model = try Reference.model(name)
    let configuration = model.configuration
    let examples = try examples(for: name, configuration.problem)
    let encoder = Encoder(weights: try model.singlePrecisionWeights())
    var done = 0
    let logits = try #require(
      try LogitEvaluation.run(
        encoder: encoder, examples: examples, communicator: Communicator(), file: "f", progress: { done += $0 }))
    #expect(done == 9 && logits.count == 9 && logits.width == configuration.outputs)
    let golden = try Reference.golden("\(name).outputs").values("logits")
    let largest = golden.reduce(0) { max($0, abs($1)) }
    #expect(zip(logits.values, golden).allSatisfy { abs(Double($0) - $1) < 1e-5 * largest })

    let labels = try LogitEvaluation.labels(of: examples, configuration: configuration)
    let scores = try LogitEvaluation.scores(
      logits: logits, examples: examples, configuration: configuration, metrics: labels.metrics)
    let rows = (0..<9).map { Array(golden[$0 * logits.width..<($0 + 1) * logits.width]) }
    switch (configuration.problem, labels) {
    case (.singleLabel, .classes(let labels, _)):
      let right = zip(rows, labels).count { row, label in row[label] == row.max() }
      #expect(scores[0].value == Double(right) / 9)
    case (.multiLabel, .labelSets(let labels)):
      #expect(scores[0].value == Double(zip(rows, labels).count { row, set in row.map { $0 > 0 } == set }) / 9)
    case (.regression, .values(let labels)):
      let wanted = try #require(pearson(rows.map { $0[0] }, labels))
      #expect(abs((scores[0].value ?? .nan) - wanted) < 1e-5 && scores.map(\.metric) == [.pearson, .spearman])
    default: Issue.record("labels of another kind")
    }
  }

  @Test("a metric of another kind of head, and a missing label")
  func refused() throws {
    let model = try Reference.model("three")
    let logits = Logits(width: 3, values: [Float](repeating: 0, count: 27))
    let examples = try examples(for: "three", .singleLabel)
    #expect(throws: EvaluationError.foreignMetric(.pearson, fitting: [.accuracy, .f1, .matthews])) {
      try LogitEvaluation.scores(
        logits: logits, examples: examples, configuration: model.configuration, metrics: [.accuracy, .pearson])
    }
    var unlabelled = TokenizedExamples(fileRowCount: 5)
    unlabelled.append(
      Encoding(ids: [2, 3], typeIDs: [0, 0], textTokenCount: 0, isTruncated: false), rowIndex: 4, target: .none)
    #expect(throws: EvaluationError.missingLabel(row: 4)) {
      try LogitEvaluation.labels(of: unlabelled, configuration: model.configuration)
    }
    #expect(EvaluationError.missingLabel(row: 4).subject == "data row 5")
  }

  @Test("answers: the first of the largest outputs, probabilities of a half and more, numbers")
  func answers() {
    let logits = Logits(width: 3, values: [1, 1, 0, -1, 0, 0, -3, -2, -1])
    #expect(logits.answers(.singleLabel) == .classes([0, 1, 2], count: 3))
    #expect(
      logits.answers(.multiLabel) == .labelSets([[true, true, true], [false, true, true], [false, false, false]]))
    #expect(Logits(width: 1, values: [0.5, -2]).answers(.regression) == .values([0.5, -2]))
    #expect(logits.reordered([2, 0, 1]).values == [0, 1, 1, 0, -1, 0, -1, -3, -2])
  }

  @Test("the mean of outputs: of equal ones these, of others the mean")
  func mean() {
    let values: [Float] = [0.1, -0.0, 3e38, .leastNonzeroMagnitude, -7.3, 1]
    let logits = Logits(width: 3, values: values)
    for count in 1...5 {
      let mean = Logits.mean([Logits](repeating: logits, count: count))
      #expect(mean.values.map(\.bitPattern) == values.map(\.bitPattern))
    }
    let other = Logits(width: 3, values: [0.3, 1, 3e38, 0, 7.3, 2])
    #expect(Logits.mean([logits, other]).values == [0.2, 0.5, 3e38, 0, 0, 1.5])
  }

  @Test("metrics: as asked, by task, by finetuning_task where it fits, else by the head")
  func choice() throws {
    let classes = Answers.classes([0, 1], count: 2)
    let values = Answers.values([0, 1])
    typealias Choice = Evaluation.MetricChoice
    #expect(try Choice.recognized.metrics(for: classes, finetuningTask: nil) == [.accuracy])
    #expect(try Choice.recognized.metrics(for: classes, finetuningTask: "CoLA") == [.matthews])
    #expect(try Choice.recognized.metrics(for: classes, finetuningTask: "mrpc") == [.accuracy, .f1])
    #expect(try Choice.recognized.metrics(for: classes, finetuningTask: "trec") == [.accuracy])
    #expect(try Choice.recognized.metrics(for: classes, finetuningTask: "stsb") == [.accuracy])
    #expect(try Choice.recognized.metrics(for: values, finetuningTask: nil) == [.pearson, .spearman])
    #expect(try Choice.recognized.metrics(for: .labelSets([[true]]), finetuningTask: "sst2") == [.exactMatch])
    #expect(try Choice.named([.f1, .accuracy]).metrics(for: classes, finetuningTask: "cola") == [.f1, .accuracy])
    #expect(try Choice.task(.stsb).metrics(for: values, finetuningTask: nil) == [.pearson, .spearman])
    #expect(throws: EvaluationError.foreignMetric(.pearson, fitting: [.accuracy, .f1, .matthews])) {
      try Choice.task(.stsb).metrics(for: classes, finetuningTask: nil)
    }
  }

  @Test("the report: one line of scores, the majority's, the classes; undefined figures are null and said so")
  func report() {
    let labels = Answers.classes([0, 0, 1, 2], count: 4)
    let report = EvaluationReport(
      title: "m", answers: .classes([0, 0, 2, 0], count: 4), labels: labels, names: ["a", "b", "c", "d"],
      metrics: [.accuracy, .matthews], hasBaseline: true, perClass: false, findings: [nil])
    #expect(
      report.text == """
        m: accuracy 0.5000 ± 0.2500, matthews 0.1291 on 4 examples
        majority (a): accuracy 0.5000 ± 0.2500, matthews undefined
        class  support  predicted  precision  recall      f1
        ─────  ───────  ─────────  ─────────  ──────  ──────
        a            2          3     0.6667  1.0000  0.8000
        b            1          0          –  0.0000  0.0000
        c            1          1     0.0000  0.0000  0.0000
        d            0          0          –       –       –
        """)
    let json = report.json
    #expect(json["metric"]?.string == "accuracy" && json["value"]?.double == 0.5 && json["examples"]?.integer == 4)
    #expect(json["scores"]?.array?.count == 2 && json["baseline"]?["majority"]?.string == "a")
    #expect(json["baseline"]?["scores"]?.array?[1]["value"]?.isNull == true)
    #expect(json["confusion"]?.array?[1].array?.map(\.integer) == [0, 0, 1, 0])
    #expect(json["classes"]?.array?[3]["f1"]?.isNull == true && json["label_maps"]?.array?.count == 1)

    let two = EvaluationReport(
      title: "m", answers: .classes([0, 1], count: 2), labels: .classes([0, 1], count: 2), names: ["a", "b"],
      metrics: [.accuracy], hasBaseline: false, perClass: false, findings: [nil])
    #expect(two.text == "m: accuracy 1.0000 ± 0.0000 on 2 examples" && two.json["classes"]?.array?.count == 2)
  }

  @Test("lines of predictions: names, numbers, and probabilities that add up")
  func predictions() throws {
    let classes = PredictionLines.text(
      logits: Logits(width: 2, values: [0, 0, 1000, -1000]), labels: .classes([1, 0], count: 2), problem: .singleLabel,
      names: ["no", "yes"], rows: [3, 7])
    #expect(
      classes == """
        {"row":3,"prediction":"no","label":"yes","probabilities":{"no":0.5,"yes":0.5}}
        {"row":7,"prediction":"no","label":"no","probabilities":{"no":1.0,"yes":0.0}}

        """)
    let sets = PredictionLines.text(
      logits: Logits(width: 2, values: [0, -1000]), labels: .labelSets([[true, true]]), problem: .multiLabel,
      names: ["a", "b"], rows: [0])
    #expect(
      sets == #"{"row":0,"prediction":["a"],"label":["a","b"],"probabilities":{"a":0.5,"b":0.0}}"# + "\n")
    let numbers = PredictionLines.text(
      logits: Logits(width: 1, values: [0.5]), labels: .values([2.25]), problem: .regression, names: ["LABEL_0"],
      rows: [0])
    #expect(numbers == #"{"row":0,"prediction":0.5,"label":2.25}"# + "\n")
  }

  @Test("a wrong label map is found in logits")
  func labelMap() throws {
    var examples = TokenizedExamples(fileRowCount: 60)
    var values: [Float] = []
    for row in 0..<60 {
      examples.append(
        Encoding(ids: [2, 3], typeIDs: [0, 0], textTokenCount: 0, isTruncated: false), rowIndex: row,
        target: .label(row % 3))
      // Output c stands for label c + 1.
      values += (0..<3).map { ($0 + 1) % 3 == row % 3 ? 1 : 0 }
    }
    var configuration = try Reference.model("three").configuration
    let logits = Logits(width: 3, values: values)
    let finding = LabelMapCheck.find(
      logits: logits, examples: examples, configuration: configuration, names: ["a", "b", "c"])
    #expect(finding?.kind == .permuted && finding?.permutation == [1, 2, 0] && finding?.permutedAccuracy == 1)
    #expect(finding?.json["best_id2label"]?.serialized(indentation: nil) == #"{"0":"b","1":"c","2":"a"}"#)
    configuration.problem = .multiLabel
    #expect(
      LabelMapCheck.find(logits: logits, examples: examples, configuration: configuration, names: ["a", "b", "c"])
        == nil)
  }
}
