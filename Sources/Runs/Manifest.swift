import Checkpoints
import LinearAlgebra
import Scoring
import Terminal

extension MergeWriter {
  /// Of the layout of the manifest; it grows when a key changes its meaning.
  static let manifestFormat = 2

  /// What was done, with what, on what and how long it took. `docs/file-formats.md` documents the keys.
  func manifest(_ facts: MergeFacts) throws -> JSON {
    let merge = facts.model.merge
    let models: [JSON] = zip(plan.models, facts.hashes).enumerated().map { index, pair in
      let (planned, hashes) = pair
      var members: [JSON.Member] = [
        member("name", .string(planned.name)), member("model", .string(planned.reference)),
        member("weight", .number(planned.weight)),
        member("sha256", object(hashes.files.map { ($0.name, .string($0.sha256)) })),
      ]
      if let data = planned.data {
        members.append(
          member(
            "data",
            object([
              ("file", .string(data.file)), ("sha256", .string(hashes.data ?? "")), ("rows", .integer(data.rows)),
              ("examples", .integer(data.examples)), ("tokens", .integer(data.tokens)),
              ("truncated", .integer(data.truncated)), ("blocks", .integer(data.blocks)),
              ("skipped_rows", data.skippedJSON),
            ])))
      }
      if let magnitude = facts.model.magnitude {
        members.append(member(magnitude.key, .number(magnitude.values[index])))
      }
      if let statistics = planned.statistics {
        members.append(
          member(
            "statistics",
            object([
              ("files", .array(statistics.files.map { .string($0) })),
              ("sha256", .array(statistics.sha256.map { .string($0) })),
              ("expectation", .string(statistics.expectation)), ("examples", .integer(statistics.examples)),
              ("tokens", .integer(statistics.tokens)),
            ])))
      }
      if let estimation = facts.estimation(of: index) {
        members.append(member("seconds", .number(estimation.seconds)))
        members.append(member("passes", .integer(estimation.passes)))
      }
      return .object(members)
    }
    return object([
      ("fishermerge", .string(Version.current)),
      ("manifest_format", .integer(Self.manifestFormat)),
      ("command", .string(session.command)),
      ("recipe", .string(recipe.text)),
      ("plan_sha256", .string(try plan.hash())),
      ("method", .string(recipe.method.name)),
      ("settings", .string(plan.text)),
      ("preset", recipe.settings.preset.map { .string($0) } ?? .null),
      ("compatibility", plan.compatibility.map { .string($0.mode.rawValue) } ?? .null),
      ("heads", .string(plan.heads.rawValue)),
      ("base_model", baseModel),
      ("models", .array(models)),
      ("plain_average_entries", .integer(merge.plainEntries)),
      (
        "systems",
        .array(
          facts.reports.map { report in
            object([
              ("tensors", .array(report.tensors.map { .string($0) })), ("condition", .number(report.condition)),
              ("ridge", report.ridge.map { .number($0) } ?? .null), ("dead_inputs", .integer(report.deadInputs)),
              ("steps", report.iteration.map { .integer($0.steps) } ?? .null),
              ("residual", report.iteration.map { .number($0.residual) } ?? .null),
            ])
          })
      ),
      ("scores", scores(facts.tests)),
      ("search", facts.search?.json ?? .null),
      ("ranks", .integer(session.places.count)),
      ("hosts", object(hostCounts)),
      ("mpi", session.world.library.map { .string($0) } ?? .null),
      ("blas", .string(Processor.blasConfiguration)),
      ("blas_core", .string(Processor.blasCore)),
      ("blas_threads", .integer(Processor.blasThreads)),
      ("kernels", .string(Processor.kernelLevel.description)),
      ("processors", .array(session.processors.split(separator: " | ").map { .string(String($0)) })),
      ("allows_unlike_processors", .bool(session.allowsUnlikeProcessors)),
      ("seconds", object(facts.clock.phases.map { ($0.name, .number($0.seconds)) })),
      ("peak_resident_bytes", .array(facts.peaks.map { .integer(Int($0)) })),
    ])
  }

  /// For each kind of model the scores of every task that has a test file.
  private func scores(_ columns: [ScoreColumn]) -> JSON {
    object(
      columns.map { column in
        let tasks: [(String, JSON)] = zip(plan.models, column.tasks).compactMap { model, score in
          guard let score else { return nil }
          let values = score.scores.map { ($0.metric.rawValue, $0.value.map { JSON.number($0) } ?? .null) }
          return (model.name, object(values + [("examples", .integer(score.examples))]))
        }
        return (column.kind.rawValue, object(tasks))
      })
  }

  /// The model that the recipe names as the common base, if it names one.
  private var baseModel: JSON {
    guard let hashes = inputs.baseHashes else { return .null }
    return object([
      ("model", .string(recipe.baseModel ?? "")),
      ("sha256", object(hashes.files.map { ($0.name, .string($0.sha256)) })),
    ])
  }

  private var hostCounts: [(String, JSON)] {
    Dictionary(grouping: session.places, by: \.host).sorted { $0.key < $1.key }.map {
      ($0.key, .integer($0.value.count))
    }
  }

  private func member(_ key: String, _ value: JSON) -> JSON.Member { JSON.Member(key: key, value: value) }

  private func object(_ members: [(String, JSON)]) -> JSON { .object(members.map { member($0.0, $0.1) }) }
}
