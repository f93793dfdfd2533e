import Workbench
import Checkpoints
import Foundation
import SystemPackage

extension Bench {
  /// Estimates a model on some examples, and removes the result.
  private func estimation(
    _ statistic: String, _ examples: SyntheticExamples, model: String = "a"
  ) throws -> [String] {
    let (data, output) = (programs.path("\(examples.count).jsonl"), programs.path("\(UUID().uuidString).safetensors"))
    if !FileManager.default.fileExists(atPath: data.string) { try examples.writeText(to: data) }
    return [
      "estimate", "--model", programs.path(model).string, "--data", data.string, "--statistic", statistic,
      "--output", output.string, "--quiet",
    ]
  }

  private func make(_ count: Int) -> SyntheticExamples {
    SyntheticExamples(count: count, vocabulary: settings.commonVocabulary, seed: 2)
  }

  /// Private memory, and the time until the first block.
  func memoryAndStart(_ results: inout Results) throws {
    say("memory of an estimate of \(settings.base.name)")
    let run = try programs.alone(try estimation("mask-fisher", make(settings.fewExamples)), watching: true)
    results.add(
      "private_memory", "peak of private memory (RssAnon), mask Fisher, F32", 1e-6 * Double(run.privateBytes),
      unit: "MB", goal: .atMost(400))
    for shape in settings.ownLayers {
      let directory = try write(shape)
      say("memory of an estimate of \(shape.name)")
      let run = try programs.alone(
        try estimation("mask-fisher", make(settings.fewExamples), model: shape.family), watching: true)
      results.add(
        "\(shape.rowName)_private_memory", "the same, \(shape.name)", 1e-6 * Double(run.privateBytes), unit: "MB",
        // Twenty-two layers with gates keep more than twelve without.
        goal: .atMost(shape.variant.rotary == nil ? 400 : 500))
      try FileManager.default.removeItem(atPath: directory.string)
    }

    say("start of an estimate of \(settings.base.name)")
    var starts: [Double] = []
    for turn in 0..<settings.programTurns + 3 {
      let summary = programs.path("start-\(turn).json")
      _ = try programs.alone(try estimation("mask-fisher", make(1)) + ["--json", summary.string])
      guard let start = try JSON(contentsOf: summary)["start_seconds"]?.double else { continue }
      // The first one brings the files into memory.
      if turn > 0 { starts.append(start) }
    }
    let (name, title, goal) = ("start", "start-up: from the process's start to its first example", Goal.atMost(0.3))
    guard !starts.isEmpty else {
      return results.skip(name, title, because: "the system does not tell when a process began", goal: goal)
    }
    results.add(name, title, median(starts), unit: "s", goal: goal)
  }

  /// Two ranks and one, without their starts.
  func twoRanks(_ results: inout Results) throws {
    let (name, title, goal) = ("two_ranks", "two ranks ÷ one rank, examples/s", Goal.atLeast(1.9))
    guard programs.hasSeveralCores else {
      say("two ranks: skipped, since there is one core")
      return results.skip(name, title, because: "one core", goal: goal)
    }
    let few = make(settings.fewExamples)
    let many = make(Cuts.mostEven(from: settings.manyExamples, beyond: few.count))
    var speedups: [Double] = []
    for turn in 0..<settings.programTurns {
      say("one rank and two, turn \(turn + 1) of \(settings.programTurns): \(few.count) and \(many.count) examples")
      func seconds(_ ranks: Int) throws -> Double {
        let start = try programs.ranks(ranks, try estimation("mask-fisher", few)).seconds
        return try programs.ranks(ranks, try estimation("mask-fisher", many)).seconds - start
      }
      // Who goes first changes.
      let first = try seconds(turn % 2 == 0 ? 1 : 2)
      let second = try seconds(turn % 2 == 0 ? 2 : 1)
      let (one, two) = turn % 2 == 0 ? (first, second) : (second, first)
      say("one rank \(Results.digits(one)) s, two \(Results.digits(two)) s")
      speedups.append(one / two)
    }
    results.add(name, title, median(speedups), goal: goal)
  }

  /// Merging by full Fisher from files, and copying the bytes.
  func merge(_ results: inout Results) throws {
    say("full Fisher of two models, to be merged")
    let few = make(min(8, settings.fewExamples))
    var recipe = "merge_method: fisher\nmodels:\n"
    var inputs: [FilePath] = []
    for name in ["a", "b"] {
      let (model, statistics) = (programs.path(name), programs.path("\(name).safetensors"))
      var command = try estimation("fisher", few)
      command[2] = model.string
      command[8] = statistics.string
      _ = try programs.alone(command)
      recipe += "  - {name: \(name), model: \(model.string), statistics: \(statistics.string)}\n"
      inputs += [model.appending("model.safetensors"), statistics]
    }
    let file = programs.path("recipe.yaml")
    try recipe.write(toFile: file.string, atomically: true, encoding: .utf8)

    var ratios: [Double] = []
    for turn in 0..<settings.programTurns {
      say("merge and copy, turn \(turn + 1) of \(settings.programTurns)")
      let merged = programs.path("merged")
      sync()
      let merging = try programs.alone(["merge", file.string, "--output", merged.string, "--quiet"]).seconds
      let sizes = try Copy.sizes(below: merged)
      try FileManager.default.removeItem(atPath: merged.string)
      sync()
      let copied = programs.path("copied")
      try FileManager.default.createDirectory(atPath: copied.string, withIntermediateDirectories: true)
      let copying = try clockSeconds { try Copy.run(reading: inputs, writing: sizes, into: copied) }
      try FileManager.default.removeItem(atPath: copied.string)
      ratios.append(merging / copying)
      let bytes = sizes.reduce(0, +)
      say("merge \(Results.digits(merging)) s, copy \(Results.digits(copying)) s of \(bytes / 1_000_000) MB written")
    }
    results.add(
      "merge_over_copy", "merging by full Fisher from files ÷ copying the bytes, time", median(ratios),
      goal: .atMost(2))
  }
}
