import ArgumentParser
import Diagnostics
import Estimation
import Planning
import Recipes
import SystemPackage

/// Where the examples come from.
struct DataOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The examples: .jsonl, .csv or .tsv.", valueName: "file"))
  var data: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "One text column or two, by name or as #1, #2 in files without a header. Default: GLUE's names.",
      valueName: "column"))
  var columns: [String] = []

  @Option(help: ArgumentHelp("The label column.", valueName: "column"))
  var label: String?

  @Option(help: "Use so many rows, drawn without replacement. Default: all.")
  var examples: Int?

  @Option(help: "Decides which rows are drawn, and the labels of --expectation sampled.")
  var seed: UInt64 = 0

  @Option(help: "Truncate to so many tokens, special tokens included. Default: the model's limit.")
  var maxLength: Int?

  func validate() throws {
    guard columns.count <= 2 else { throw ValidationError("--columns takes one text column or two") }
    guard examples ?? 1 > 0 else { throw ValidationError("--examples must be at least 1") }
    guard maxLength ?? 3 > 2 else { throw ValidationError("--max-length must be at least 3") }
  }

  var source: DataSource {
    DataSource(file: FilePath(data), columns: columns.isEmpty ? nil : columns, label: label)
  }

  var sampling: Sampling {
    var sampling = Sampling()
    sampling.examples = examples
    sampling.seed = seed
    sampling.maximumLength = maxLength
    return sampling
  }
}

extension Expectation.Name: ExpressibleByArgument {}

extension StatisticKind {
  /// Reads the name of an option.
  ///
  /// - Throws: `ValidationError` with the names, and the one that was probably meant.
  init(option: String) throws {
    guard let kind = StatisticKind(named: option) else {
      let hint = nearest(to: option, among: Self.all.map(\.name)).map { "did you mean \($0)? " } ?? ""
      throw ValidationError("\"\(option)\" is no statistic; \(hint)known: \(Self.names)")
    }
    self = kind
  }

  /// All names, for help and messages.
  static var names: String { all.map(\.name).joined(separator: ", ") }

  /// The names of the kinds that can include a task's own head.
  static var namesWithHead: String { all.filter { $0.nameWithHead != nil }.map(\.name).joined(separator: ", ") }
}
