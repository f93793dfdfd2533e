import ArgumentParser
import Datasets
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

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      What the labels are: by_name or by_number where names are digits, or TEXT=CLASS for each text of the column. \
      Default: names and numbers of classes.
      """,
      valueName: "meaning"))
  var labels: [String] = []

  @Option(
    help: ArgumentHelp(
      "A row without text, without a needed label, or with a wrong number of fields: error, or skip to leave it out.",
      valueName: "policy"))
  var onBadRow: BadRowPolicy = .error

  @Option(help: "Use so many rows, drawn without replacement. Default: all.")
  var examples: Int?

  @Option(help: "Decides which rows are drawn, and the labels of --expectation sampled and the signs of sketched.")
  var seed: UInt64 = 0

  @Option(help: "Truncate to so many tokens, special tokens included. Default: the model's limit.")
  var maxLength: Int?

  func validate() throws {
    guard columns.count <= 2 else { throw ValidationError("--columns takes one text column or two") }
    guard labels.isEmpty || labelReading != nil else {
      throw ValidationError("--labels takes by_name, by_number or TEXT=CLASS for each text of the label column")
    }
    guard examples ?? 1 > 0 else { throw ValidationError("--examples must be at least 1") }
    guard maxLength ?? 3 > 2 else { throw ValidationError("--max-length must be at least 3") }
  }

  var source: DataSource {
    DataSource(
      file: FilePath(data), columns: columns.isEmpty ? nil : columns, label: label,
      labels: labelReading ?? .recognized, badRows: onBadRow)
  }

  /// What `--labels` says; nil where it is not given, or makes no sense.
  private var labelReading: LabelReading? {
    if labels.count == 1, let reading = LabelReading(word: labels[0]) { return reading }
    var entries: [LabelReading.Entry] = []
    for entry in labels {
      guard let sign = entry.lastIndex(of: "="), sign < entry.index(before: entry.endIndex) else { return nil }
      entries.append(.init(String(entry[..<sign]), String(entry[entry.index(after: sign)...])))
    }
    return Set(entries.map(\.text)).count == entries.count && !entries.isEmpty ? .listed(entries) : nil
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
extension BadRowPolicy: ExpressibleByArgument {}

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
