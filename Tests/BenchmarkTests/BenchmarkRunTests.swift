import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The benchmark as a whole on minute models: that it measures everything, not how fast anything is.
@Suite("The benchmark", .serialized)
struct BenchmarkRunTests {
  private static let rows = [
    "processor", "blas_core", "kernel_level", "peak_sgemm", "mask_fisher_2_classes", "mask_fisher_3_classes",
    "full_over_mask", "gram_over_forward", "gram_over_first_token_forward", "not_products", "mask_fisher_rate",
    "full_fisher_rate", "gram_rate", "bert_tiny_mask_fisher", "minilm_mask_fisher", "roberta_mask_fisher",
    "albert_mask_fisher", "mpnet_mask_fisher", "deberta_v2_mask_fisher", "modernbert_mask_fisher",
    "local_layers_long_over_short", "global_layers_long_over_short", "private_memory", "albert_private_memory",
    "mpnet_private_memory", "deberta_v2_private_memory", "modernbert_private_memory", "start", "two_ranks",
    "merge_over_copy",
  ]
  private static let goals = [
    "mask_fisher_2_classes": ">= 0.85", "mask_fisher_3_classes": ">= 0.85", "full_over_mask": "<= 1.7",
    "gram_over_forward": "<= 1.9", "not_products": "<= 0.12", "bert_tiny_mask_fisher": ">= 0.4",
    "minilm_mask_fisher": ">= 0.7", "roberta_mask_fisher": ">= 0.95", "private_memory": "<= 400", "start": "<= 0.3",
    "two_ranks": ">= 1.9", "albert_mask_fisher": ">= 0.9", "mpnet_mask_fisher": ">= 0.9",
    "deberta_v2_mask_fisher": ">= 0.8", "modernbert_mask_fisher": ">= 0.8", "albert_private_memory": "<= 400",
    "mpnet_private_memory": "<= 400", "deberta_v2_private_memory": "<= 400", "modernbert_private_memory": "<= 500",
    "local_layers_long_over_short": "<= 1.1",
    "merge_over_copy": "<= 2",
  ]

  @Test("all rows are written, with their goals and whether these are met, and drawn")
  func rows() throws {
    let scratch = try Scratch()
    let json = scratch.path.appending("rows.json")
    let figure = scratch.path.appending("figure.svg")
    let run = try benchmark(["--json", json.string, "--figure", figure.string], in: scratch)
    try #require(run.status == 0, "\(run.text)")

    let rows = try #require(try JSON(contentsOf: json).array)
    #expect(rows.compactMap { $0["name"]?.string } == Self.rows)
    for row in rows {
      let name = try #require(row["name"]?.string)
      #expect(row.members?.map(\.key) == ["name", "value", "unit", "goal", "met"])
      #expect(row["goal"]?.string == Self.goals[name], "\(name)")
      if row["unit"]?.string == "text" {
        #expect(row["value"]?.string?.isEmpty == false, "\(name)")
      } else {
        // Differences of times of so small models may be anything; where there is one core only, there is none.
        let value = row["value"]?.double
        #expect(value != nil || name == "two_ranks", "\(name)")
        if let goal = Self.goals[name], let value {
          let limit = try #require(Double(goal.dropFirst(3)))
          #expect(row["met"]?.bool == (goal.hasPrefix(">=") ? value >= limit : value <= limit), "\(name)")
        } else {
          #expect(row["met"]?.isNull == true, "\(name)")
        }
      }
    }
    #expect((rows.first { $0["name"]?.string == "private_memory" }?["value"]?.double ?? 0) > 1)

    let drawing = try String(contentsOfFile: figure.string, encoding: .utf8)
    #expect(drawing.hasPrefix("<svg ") && drawing.hasSuffix("</svg>\n"))
    #expect(drawing.components(separatedBy: "<rect class=\"").count - 1 >= Self.goals.count)
    #expect(XMLParser(data: Data(drawing.utf8)).parse())
    try compareWithOthers(json, scratch)
  }

  /// Results of this machine are compared with, those of another processor or core type are not.
  private func compareWithOthers(_ file: FilePath, _ scratch: Scratch) throws {
    let text = try String(contentsOfFile: file.string, encoding: .utf8)
    for (fact, title) in [("processor", "processor"), ("blas_core", "OpenBLAS core type")] {
      let start = #"{"name":"\#(fact)","value":""#
      #expect(text.contains(start))
      try scratch.write("other.json", text.replacing(start, with: start + "other "))
      let run = try benchmark(["--against", scratch.path.appending("other.json").string], in: scratch)
      #expect(run.status == 1)
      #expect(run.text.contains("is from another machine: its \(title) is other "), "\(run.text)")
      #expect(run.text.split(separator: "\n").count == 1, "\(run.text)")
    }
    let run = try benchmark(["--against", file.string], in: try Scratch())
    #expect(run.status == 0 && run.text.contains("÷ earlier"), "\(run.text)")
  }

  private func benchmark(_ arguments: [String], in scratch: Scratch) throws -> (text: String, status: Int32) {
    let repository = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let runner = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    let products = runner.resolvingSymlinksInPath().deletingLastPathComponent()
    let process = Process()
    process.executableURL = products.appendingPathComponent("Benchmark")
    process.arguments =
      [
        "--tiny", "--program", products.appendingPathComponent("fishermerge").path,
        "--launcher", repository.appendingPathComponent("launch/local").path,
        "--peer-script", repository.appendingPathComponent("Sources/Benchmark/peer.py").path,
        "--directory", scratch.path.string,
      ] + arguments
    // Nothing of what a launcher, a job or a shell may have left.
    let foreign = ["OMPI_", "PMIX_", "PMI_", "SLURM_", "OPENBLAS_", "FISHERMERGE"]
    process.environment = ProcessInfo.processInfo.environment.filter { name, _ in
      !foreign.contains { name.hasPrefix($0) }
    }.merging(["OPENBLAS_NUM_THREADS": "1", "OMPI_MCA_hwloc_base_binding_policy": "none"]) { $1 }
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (text, process.terminationStatus)
  }
}
