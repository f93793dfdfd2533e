import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// Federated merges: hosts of which each sees the data of one task alone.
  @Suite(
    "Sites", .serialized,
    .enabled(if: Launching.clusterObstacle == nil, "\(Launching.clusterObstacle ?? "")"))
  struct SiteTests {
    private let launch = "\(Launching.repository.path)/launch/hosts $CLUSTER_HOSTFILE"
    private let tasks = ["two", "three", "five"]

    /// The data of every task on a host of its own, in `data`, and a recipe for them; the same data for all in `plain`.
    private func write(_ program: Program, _ method: String, _ more: String = "") throws {
      for (host, task) in tasks.enumerated() {
        let text = try String(contentsOfFile: program.path("\(task).jsonl").string, encoding: .utf8)
        // What to look for in messages and files: words that stand in a row nowhere else, and their tokens.
        let row = #"{"sentence": "\#(Self.text)", "label": 1}"# + "\n"
        for directory in ["data-\(host + 1)", "plain/data"] {
          try program.scratch.write("\(directory)/\(task).jsonl", row + text)
          try program.scratch.write("\(directory)/\(task)-test.jsonl", row + text)
        }
        try FileManager.default.removeItem(atPath: program.path("\(task).jsonl").string)
      }
      try program.scratch.write("data/here", "")
      let entries = tasks.map {
        "  - {name: \($0), model: \(Program.model($0)), data: data/\($0).jsonl, test: data/\($0)-test.jsonl}\n"
      }
      for place in ["", "plain/"] {
        try program.scratch.write(
          "\(place)recipe.yaml", "merge_method: \(method)\n\(more)models:\n\(entries.joined())")
      }
    }

    private static let text = Array(repeating: "river", count: 40).joined(separator: " ")

    /// Bytes of twenty tokens of this text, as they are kept.
    private func tokens() throws -> Data {
      let word = try #require(try EditedModel("three").vocabulary.firstIndex(of: "river"))
      return withUnsafeBytes(of: Int32(word).littleEndian) { Data($0) }.repeated(20)
    }

    /// Merges on three hosts while all that they send is written to `messages`.
    private func merge(_ program: Program, arguments: String = "") throws -> Outcome {
      try Launching.cluster(
        hosts: 3, slots: 2, "fishermerge",
        """
        cd \(program.path("."))
        \(Launching.clusterScript) capture $CLUSTER \(program.path("messages")) &
        listener=$!
        until [[ -e messages.on ]]; do sleep 0.1; done
        code=0
        \(launch) merge recipe.yaml --output merged \(arguments) || code=$?
        kill $listener
        wait $listener || true
        exit $code
        """, environment: ["CLUSTER_PRIVATE": program.path("data").string])
    }

    @Test(
      "data stay where they are, and the merge is that of a process that sees all",
      arguments: [("distill", ""), ("regmean++", ""), ("mask_fisher", "heads: resolve\n")])
    func private_(method: String, more: String) throws {
      let program = try Program()
      try write(program, method, more)
      let outcome = try merge(program)
      try #require(outcome.status == 0, "\(outcome)")
      try program.succeed(["merge", "recipe.yaml", "--output", "merged"], in: "plain")
      let (alone, spread) = (
        try program.scratch.files(below: "plain/merged"), try program.scratch.files(below: "merged")
      )
      #expect(spread.keys.sorted() == alone.keys.sorted())
      for (file, bytes) in alone where !["manifest.json", "report.html"].contains(file) {
        #expect(spread[file] == bytes, "\(file)")
      }
      let (one, other) = (try program.json("merged/manifest.json"), try program.json("plain/merged/manifest.json"))
      #expect(one["scores"] == other["scores"] && one["scores"]?["merged"]?["five"] != nil)
      #expect(one["models"]?.array?[2]["data"] == other["models"]?.array?[2]["data"])

      let messages = try Data(contentsOf: URL(fileURLWithPath: program.path("messages").string))
      #expect(messages.count > 100_000, "\(messages.count) bytes")
      for secret in try secrets() { #expect(messages.range(of: secret) == nil) }
      try expectNoSecretFiles(program)
    }

    /// What no other host may get.
    private func secrets() throws -> [Data] { [Data("river river".utf8), try tokens()] }

    /// Looks through the files that any host may see, those of checkpoints included.
    private func expectNoSecretFiles(_ program: Program) throws {
      let secrets = try secrets()
      for (file, bytes) in try program.scratch.files(below: ".")
      where !file.hasPrefix("data") && !file.hasPrefix("plain") && file != "messages" {
        for secret in secrets { #expect(bytes.range(of: secret) == nil, "\(file)") }
      }
    }

    @Test("where rank 0 sees all data, the tokens do travel: so the test above would see them")
    func shared() throws {
      let program = try Program()
      try write(program, "distill")
      for task in tasks {
        for suffix in ["", "-test"] {
          try FileManager.default.copyItem(
            atPath: program.path("plain/data/\(task)\(suffix).jsonl").string,
            toPath: program.path("data-1/\(task)\(suffix).jsonl").string + ".new")
          try? FileManager.default.removeItem(atPath: program.path("data-1/\(task)\(suffix).jsonl").string)
          try FileManager.default.moveItem(
            atPath: program.path("data-1/\(task)\(suffix).jsonl").string + ".new",
            toPath: program.path("data-1/\(task)\(suffix).jsonl").string)
        }
      }
      let outcome = try merge(program)
      try #require(outcome.status == 0, "\(outcome)")
      let messages = try Data(contentsOf: URL(fileURLWithPath: program.path("messages").string))
      #expect(messages.range(of: try tokens()) != nil, "\(messages.count) bytes")
    }

    @Test("a run over sites that is interrupted goes on, and what a site cannot read is said by the root")
    func interruptions() throws {
      let program = try Program()
      try write(program, "distill")
      try program.succeed(["merge", "recipe.yaml", "--output", "merged"], in: "plain")
      var interruptions = 0
      while true {
        // Over with the first block or step, then with more.
        let outcome = try merge(program, arguments: "--max-time \(interruptions < 3 ? 0.001 : 3) --resume")
        if outcome.status == 0 { break }
        try #require(outcome.status == 75 && outcome.messages == 1, "\(outcome)")
        interruptions += 1
        // What is kept for later is of sums.
        try expectNoSecretFiles(program)
        #expect(try program.scratch.names().contains { $0.contains(".site-") })
        try #require(interruptions < 60)
      }
      #expect(interruptions >= 3, "or the test could not tell")
      let (alone, spread) = (
        try program.scratch.files(below: "plain/merged"), try program.scratch.files(below: "merged")
      )
      for task in tasks {
        #expect(spread["\(task)/model.safetensors"] == alone["\(task)/model.safetensors"], "\(task)")
      }
      #expect(try program.scratch.names().filter { $0.contains("checkpoint") } == [], "the directories go at the end")

      try program.scratch.write("data-3/five.jsonl", #"{"sentence": 7, "label": 1}"# + "\n")
      let refused = try Launching.cluster(
        hosts: 3, slots: 1, "fishermerge", "cd \(program.path(".")) && \(launch) merge recipe.yaml --output other",
        environment: ["CLUSTER_PRIVATE": program.path("data").string])
      #expect(refused.status == 65 && refused.messages == 1, "\(refused)")
      #expect(refused.errors.contains(#/five\.jsonl.*\(on fmc[0-9]+-3\)/#), "\(refused)")
    }
  }
}

extension Data {
  fileprivate func repeated(_ count: Int) -> Data { (0..<count).reduce(into: Data()) { data, _ in data += self } }
}
