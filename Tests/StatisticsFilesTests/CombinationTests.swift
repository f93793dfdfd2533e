import Checkpoints
import Encoders
import Estimation
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import StatisticsFiles
@testable import Terminal

/// A change of one of two files that must not be added, and what the refusal says.
struct Difference: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let change: @Sendable (inout StatisticsFixture) -> Void
  let says: String

  init(_ says: String, _ change: @escaping @Sendable (inout StatisticsFixture) -> Void) {
    (testDescription, self.says, self.change) = (says, says, change)
  }
}

@Suite("Combining statistics files")
struct CombinationTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func console() throws -> Console { try Console(Console.Options(), speaks: false) }

  private func combine(_ paths: [FilePath], allowsOverlap: Bool = false, to name: String = "c") throws -> StatisticsFile
  {
    let output = scratch.path.appending(name)
    _ = try Combination.run(paths, output: output, allowsOverlap: allowsOverlap, console: console())
    return try StatisticsFile(path: output)
  }

  /// Three sites' files with 7, 5 and 9 examples.
  private func sites(_ change: (inout StatisticsFixture) -> Void = { _ in }) throws -> [FilePath] {
    try [(7, 1), (5, 2), (9, 3)].map { examples, seed in
      var site = StatisticsFixture(examples: examples, seed: UInt64(seed), classifier: true)
      change(&site)
      return try site.write("site\(seed)", in: scratch)
    }
  }

  @Test("every number is the sum of the files', and so are examples, tokens, parts and fingerprints")
  func sums() throws {
    let paths = try sites()
    let files = try paths.map { try StatisticsFile(path: $0) }
    let combined = try combine(paths)
    for tensor in combined.description.tensors {
      let (name, count) = (tensor.name, tensor.count)
      let each = try files.map { try $0.values(name, count: count) }
      let expected = (0..<count).map { index in each.reduce(0) { $0 + $1[index] } }
      #expect(
        worstError(try combined.values(name, count: count), expected, relative: 0, absolute: 1e-15) <= 1, "\(name)")
    }
    #expect(combined.examples == 21 && combined.tokens == 105)
    #expect(combined.description.parts.map(\.examplesHash) == ["examples1", "examples2", "examples3"])
    #expect(combined.description.parts.map(\.examples) == [7, 5, 9])
    #expect(combined.fingerprints == files.flatMap { $0.fingerprints ?? [] }.sorted())
    #expect(combined.file.metadata("sha256") == combined.file.mapped.sha256(of: combined.dataRange))
    try Verification.run(combined.path) { _ in }
  }

  @Test("kinds in files of their own are read as one")
  func joined() throws {
    let together = StatisticsFixture([.fisher, .gram, .kfac])
    let parts = try [[StatisticKind.gram], [.fisher, .kfac]].enumerated().map { index, kinds in
      var part = StatisticsFixture(kinds)
      for name in part.values.keys { part.values[name] = together.values[name] }
      return try StatisticsFile.open([part.write("part\(index)", in: scratch)])
    }
    let joined = JoinedStatistics(parts)
    #expect(joined.kinds == [.gram, .fisher, .kfac])
    #expect((joined.examples, joined.tokens) == (together.examples, together.tokens))
    for (name, values) in together.values {
      #expect(try joined.values(name, count: values.count) == values)
      #expect(joined.mapped(name)?.array == values)
    }
  }

  @Test("the order of the files changes no bit, and a file of several parts can be added to again")
  func order() throws {
    let paths = try sites()
    _ = try combine(paths)
    for (index, order) in [[2, 0, 1], [1, 2, 0], [2, 1, 0]].enumerated() {
      _ = try combine(order.map { paths[$0] }, to: "again\(index)")
      #expect(try scratch.files(below: ".")["again\(index)"] == scratch.files(below: ".")["c"])
    }
    let two = try combine([paths[2], paths[1]], to: "two")
    let three = try combine([two.path, paths[0]], to: "three")
    #expect(three.description == (try StatisticsFile(path: scratch.path.appending("c"))).description)
    let name = "gram.1.output"
    #expect(
      worstError(
        try three.values(name, count: 6), try StatisticsFile(path: scratch.path.appending("c")).values(name, count: 6),
        relative: 0, absolute: 1e-15) <= 1)
  }

  @Test("the sums of single-precision files stay in single precision; one in double makes the result double")
  func types() throws {
    let single = try sites { $0.type = .float32 }
    #expect(try combine(single).type == .float32)
    let double = try StatisticsFixture(seed: 4, classifier: true).write("double", in: scratch)
    #expect(try combine(single + [double], to: "mixed").type == .float64)
  }

  @Test(
    "files that do not fit together are refused, with both names and what differs",
    arguments: [
      Difference("the SHA-256 of the models' weights differ (model and other)") { $0.description.modelHash = "other" },
      Difference("the expectations differ (expected and argmax)") { $0.description.expectation = "argmax" },
      Difference("and kfac and token_counts and token_fisher and mask_fisher and gram)") {
        $0 = StatisticsFixture([.maskFisher, .gram], seed: 2)
      },
      Difference("token_fisher and mask_fisher and fisher and gram with the classifier's and output_metric") {
        $0 = StatisticsFixture(seed: 2, classifier: true)
      },
      Difference("both hold the same 7 examples") { $0.description.parts[0].examplesHash = "examples1" },
      Difference("both are of the same data file (data_sha256 data1…) and not different shards") {
        $0.description.parts[0].dataHash = "data1"
      },
      Difference("of one cut (no shard and 2/3)") {
        $0.description.parts[0].dataHash = "data1"
        $0.description.parts[0].shard = "2/3"
      },
      Difference("1 of the 7 examples of the smaller one are in the other") {
        $0.fingerprints?[6] = StatisticsFixture(seed: 1).fingerprints?[3] ?? 0
        $0.fingerprints?.sort()
      },
    ])
  func refusals(difference: Difference) throws {
    let first = try StatisticsFixture(seed: 1).write("first", in: scratch)
    var other = StatisticsFixture(seed: 2)
    difference.change(&other)
    let second = try other.write("second", in: scratch)
    let error = #expect(throws: StatisticsError.self) { try combine([first, second]) }
    #expect(error?.problem.contains(difference.says) == true, "\(String(describing: error))")
    #expect(error?.subject.contains("first") == true && error?.subject.contains("second") == true)
    #expect(error?.exitCode == .badInput)
    #expect(try scratch.names() == ["first", "second"])
  }

  @Test("draws and sizes are compared")
  func settings() throws {
    func sampled(_ draws: Int, seed: UInt64) throws -> FilePath {
      var fixture = StatisticsFixture([.maskFisher], seed: seed)
      (fixture.description.expectation, fixture.description.draws) = ("sampled", draws)
      return try fixture.write("draws\(draws)", in: scratch)
    }
    let error = #expect(throws: StatisticsError.self) { try combine([sampled(1, seed: 1), sampled(4, seed: 2)]) }
    #expect(error?.problem == "the draws differ (1 and 4)")
    var positions = StatisticsFixture([.maskFisher], seed: 3)
    positions.description.sizes.positions = 8
    let other = try positions.write("positions", in: scratch)
    let first = try StatisticsFixture([.maskFisher], seed: 4).write("first", in: scratch)
    #expect(throws: StatisticsError.self) { try combine([first, other]) }
  }

  @Test("different shards of one cut are added, also where they share sentences; the same shard or another cut is not")
  func shards() throws {
    func shard(_ text: String, _ seed: UInt64) throws -> FilePath {
      var fixture = StatisticsFixture([.maskFisher], seed: seed)
      fixture.description.parts[0].dataHash = "data"
      fixture.description.parts[0].shard = text
      fixture.fingerprints = StatisticsFixture(seed: 1).fingerprints
      return try fixture.write("shard\(seed)", in: scratch)
    }
    let first = try shard("1/3", 1)
    #expect(try combine([first, shard("2/3", 2)]).examples == 14)
    for other in ["1/3", "2/4", "1/2", ""] {
      let second = try shard(other, 3)
      #expect(throws: StatisticsError.self) { try combine([first, second], to: "never") }
    }
  }

  @Test("--allow-overlap adds what may overlap, but never the same examples twice")
  func allowed() throws {
    let first = try StatisticsFixture(seed: 1).write("first", in: scratch)
    var other = StatisticsFixture(seed: 2)
    other.description.parts[0].dataHash = "data1"
    other.fingerprints = StatisticsFixture(seed: 1).fingerprints
    let second = try other.write("second", in: scratch)
    #expect(try combine([first, second], allowsOverlap: true).examples == 14)
    let copy = try StatisticsFixture(seed: 1).write("copy", in: scratch)
    #expect(throws: StatisticsError.self) { try combine([first, copy], allowsOverlap: true, to: "never") }
  }

  @Test("a few common examples are a warning with their number; without fingerprints a warning says that nobody looked")
  func warnings() throws {
    let large = StatisticsFixture([.maskFisher], examples: 200, seed: 1)
    var other = StatisticsFixture([.maskFisher], examples: 300, seed: 2)
    other.fingerprints?[7] = large.fingerprints?[100] ?? 0
    other.fingerprints?[8] = large.fingerprints?[101] ?? 0
    other.fingerprints?.sort()
    let paths = [try large.write("large", in: scratch), try other.write("other", in: scratch)]
    let combined = try StatisticsFile.open(paths)
    #expect(combined.warnings.count == 1 && combined.warnings[0].hasSuffix("have 2 of 200 examples in common"))
    other.fingerprints?[9] = large.fingerprints?[102] ?? 0
    other.fingerprints?.sort()
    try other.write("other", in: scratch)
    #expect(throws: StatisticsError.self) { try StatisticsFile.open(paths) }
    other.fingerprints = nil
    try other.write("other", in: scratch)
    let blind = try StatisticsFile.open(paths)
    #expect(blind.warnings.count == 1 && blind.warnings[0].contains("not both have fingerprints"))
    #expect(blind.fingerprints == nil && blind.examples == 500)
    try blind.require(.maskFisher)
    #expect(
      throws: StatisticsError.missingKind(blind.files[0].path, kind: "gram", found: "mask_fisher", settingWithout: nil)
    ) {
      try blind.require(.gram)
    }
  }

  @Test("statistics of another model are refused, and the message says which model they are of")
  func otherModel() throws {
    let path = try StatisticsFixture().write("s", in: scratch)
    let model = try Reference.model("three")
    let error = #expect(throws: StatisticsError.self) {
      try StatisticsFile(path: path).check(against: model, modelHash: "model", name: "three")
    }
    #expect(
      error?.problem.hasSuffix("another model, whose weights have the SHA-256 model: layers differ (2 and 3)") == true)
    var fitting = StatisticsFixture([.maskFisher])
    fitting.description.sizes = model.configuration
    for tensor in fitting.description.tensors {
      fitting.values[tensor.name] = Array(repeating: 1, count: tensor.count)
    }
    let file = try StatisticsFile(path: fitting.write("fitting", in: scratch))
    try file.check(against: model, modelHash: "model", name: "three")
    let hash = #expect(throws: StatisticsError.self) {
      try file.check(against: model, modelHash: "other", name: "three")
    }
    #expect(
      hash?.problem.contains("the hashes differ (model and other)") == true
        && hash?.subject.hasSuffix("fitting and three") == true)
  }
}
