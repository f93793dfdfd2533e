import Encoders

/// A statistic that can be estimated, as a value: what files, forecasts, checks and summaries have to know of it. They
/// read this and never ask which statistic it is.
///
/// A new one is a file with its value, beside that with its class, and a place in ``all``.
package struct StatisticKind: Sendable {
  /// In recipes, options, files and messages.
  package let name: String
  /// The name where a task's own head is included as ``EstimationOptions/includesClassifier`` asks; nil where that has
  /// no meaning.
  package let nameWithHead: String?
  /// A statistic that costs little or nothing beside this one and that merges by this one want too; `estimate` adds it.
  package let companion: String?
  /// What it is shown; the same as its statistic's.
  package let interests: ObserverInterests
  /// The tensors of its sums, in their order.
  package let tensors: @Sendable (ModelLayout, EstimationOptions) -> [StatisticTensor]
  /// An empty statistic for a model.
  package let empty: @Sendable (ModelLayout, EstimationOptions) -> any Statistic<Float>
  /// Its own floating-point operations, beside the passes forward and backward with so many columns.
  package let operations: @Sendable (_ work: EncoderWork, _ columns: Int) -> Double
  /// How many numbers in single precision it needs for itself while a block of so many rows and columns is evaluated.
  package let scratch: @Sendable (EncoderConfiguration, _ rows: Int, _ columns: Int) -> Int
  /// Whose sampling errors are told.
  package let errorTables: @Sendable (ModelLayout) -> [ErrorTable]
  /// What an inspection shows of it.
  package let highlights: @Sendable (ModelLayout, EstimationOptions) -> [Highlight]

  package init(
    name: String, nameWithHead: String? = nil, companion: String? = nil, interests: ObserverInterests,
    tensors: @escaping @Sendable (ModelLayout, EstimationOptions) -> [StatisticTensor],
    empty: @escaping @Sendable (ModelLayout, EstimationOptions) -> any Statistic<Float>,
    operations: @escaping @Sendable (EncoderWork, Int) -> Double = { _, _ in 0 },
    scratch: @escaping @Sendable (EncoderConfiguration, Int, Int) -> Int = { _, _, _ in 0 },
    errorTables: @escaping @Sendable (ModelLayout) -> [ErrorTable],
    highlights: @escaping @Sendable (ModelLayout, EstimationOptions) -> [Highlight]
  ) {
    self.name = name
    self.nameWithHead = nameWithHead
    self.companion = companion
    self.interests = interests
    self.tensors = tensors
    self.empty = empty
    self.operations = operations
    self.scratch = scratch
    self.errorTables = errorTables
    self.highlights = highlights
  }

  /// All kinds, in the order in which files have them.
  package static let all: [StatisticKind] = [
    .maskFisher, .fisher, .gram, .outputMetric, .kfac, .tokenCounts, .tokenFisher,
  ]

  /// The kind of a name, in which hyphens are as good as underscores: `mask-fisher` was the spelling of earlier files.
  package init?(named name: String, among kinds: [StatisticKind] = all) {
    let name = name.replacing("-", with: "_")
    guard let kind = kinds.first(where: { $0.name == name }) else { return nil }
    self = kind
  }

  /// The kinds of some names, in the order of ``all``.
  package static func named(_ names: [String]) -> [StatisticKind] { all.filter { names.contains($0.name) } }

  /// Some kinds with their companions, each once, in the order of ``all``.
  package static func withCompanions(_ kinds: [StatisticKind]) -> [StatisticKind] {
    let names = Set(kinds.flatMap { [$0.name, $0.companion].compactMap(\.self) })
    return all.filter { names.contains($0.name) }
  }

  /// An empty statistic of this kind for a model.
  package func statistic(
    of model: StoredModel, _ options: EstimationOptions = EstimationOptions()
  ) -> any Statistic<Float> { empty(model.layout, options) }

  /// Whether it is made of gradients, so that the expectation matters.
  package var needsGradients: Bool { !interests.isDisjoint(with: .gradients) }
}

extension StatisticKind: Hashable {
  package static func == (a: StatisticKind, b: StatisticKind) -> Bool { a.name == b.name }

  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension StatisticKind: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let kind = StatisticKind(named: name) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(name) is no statistic")
    }
    self = kind
  }

  package func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

// MARK: What is told of a statistic

extension StatisticKind {
  /// Numbers whose standard errors count together.
  package struct ErrorTable: Sendable {
    package let name: String
    /// The tensors of the sums and of the sums of squares, with their numbers of entries.
    package let tensors: [(sums: String, squares: String, count: Int)]

    /// - Parameter moments: tensors with the role ``StatisticTensor/Role/secondMoment(of:)``.
    package init(_ name: String, moments: [StatisticTensor]) {
      self.name = name
      tensors = moments.compactMap { moment in
        guard case .secondMoment(let sums) = moment.role else { return nil }
        return (sums, moment.name, moment.count)
      }
    }
  }

  /// Something that an inspection shows.
  package enum Highlight: Sendable {
    /// The largest means of a table [layers, n] and their standard errors; `title` says of what, in the plural.
    case entries(ErrorTable, columns: Int, title: String)
    /// The tensors with the largest means of an entry, and the one that is known least; `title` says what a mean is of.
    case tensors([Mean], title: String)
  }

  /// The mean entry of a large tensor, which is known from its trace.
  package struct Mean: Sendable {
    package let tensor: String
    /// The tensor's trace and the trace's second moment.
    package let trace: ErrorTable
    /// The entries that the trace is the sum of, in each summed row.
    package let entries: Int
    package let rows: SummedRows
  }
}
