import Checkpoints
import Diagnostics
import ModelMerging
import Recipes
import SystemPackage
import Terminal

/// What `fishermerge plan` prints: every check that a merge makes, and what it will cost. Needs no MPI.
package struct PlanReport {
  package let text: String
  package let json: JSON

  package init(recipe path: FilePath, console: Console) throws {
    let recipe = try Recipe(path: path, methods: MergeMethods.declarations)
    let (plan, inputs) = try Planner.plan(recipe, console: console)
    var table = Table([
      "model", "weight", "examples", "tokens", "blocks", "work", "own memory per rank", "sums per host",
    ])
    var rows: [JSON] = []
    var skipped = ""
    var total = 0.0
    let converted = inputs.models.map(\.convertedBytes)
    let forecasts = zip(plan.models, converted).map { Forecast($0, plan: plan, convertedBytes: $1) }
    for (planned, forecast) in zip(plan.models, forecasts) {
      total += forecast.operations
      table.add([
        planned.name, significant(planned.weight), planned.data.map { "\($0.examples) of \($0.rows)" } ?? "–",
        planned.data.map { "\($0.tokens)" } ?? "–", planned.data.map { "\($0.blocks)" } ?? "–",
        "\(significant(forecast.operations / 1e9)) GFLOP", byteCount(forecast.memoryPerRank),
        byteCount(forecast.messageBytes),
      ])
      for text in [planned.data, planned.validation, planned.test].compactMap({ $0?.skippedText }) {
        skipped += "\n\(legible("\(planned.name): \(text)"))"
      }
      rows.append([
        "name": .string(planned.name), "examples": .integer(planned.data?.examples ?? 0),
        "tokens": .integer(planned.data?.tokens ?? 0), "blocks": .integer(planned.data?.blocks ?? 0),
        "operations": .number(forecast.operations), "memory_per_rank_bytes": .integer(forecast.memoryPerRank),
        "message_bytes": .integer(forecast.messageBytes),
        "skipped_rows": planned.data?.skippedJSON ?? .object([]),
      ])
    }
    let solves = SolveForecast(plan, convertedBytes: converted)
    let heads = HeadForecast(plan, convertedBytes: converted)
    total += (solves?.operations ?? 0) + (heads?.operations ?? 0)
    let demand = MemoryDemand(forecasts, solves, heads)
    text = """
      \(recipe.method.name): \(plan.text)
      \(table.text)\(skipped)
      work: \(significant(total / 1e9)) GFLOP in products, over all ranks\(Self.work(solves))
      memory: at most \(byteCount(demand.perRank)) of its own per rank, \(byteCount(demand.perHost)) of sums \(solves.map { $0.activationBytes > 0 ? "or activations " : "" } ?? "")once for each host (twice from 16 ranks on), \
      \(byteCount(demand.onRoot)) more on rank 0; weights are shared by the page cache
      messages: at most \(byteCount(forecasts.map(\.messageBytes).max() ?? 0)) per model and host, in pieces of 4 MiB\(Self.messages(solves))
      \(Self.advice(plan).map { "advice: \($0)\n" } ?? "")plan \(try plan.hash())
      """
    json = [
      "plan_sha256": .string(try plan.hash()), "method": .string(recipe.method.name),
      "settings": .string(plan.text), "models": .array(rows), "operations": .number(total),
      "memory_per_rank_bytes": .integer(demand.perRank), "memory_on_root_bytes": .integer(demand.onRoot),
      "message_bytes": .integer(forecasts.map(\.messageBytes).max() ?? 0),
      "activation_bytes": .integer(solves?.activationBytes ?? 0),
      "solve_operations": .number(solves?.solveOperations ?? 0),
      "solve_message_bytes": .integer(solves?.messageBytes ?? 0),
      "advice": Self.advice(plan).map { .string($0) } ?? .null,
    ]
  }

  /// What would give a better merge of the same inputs; nil where nothing is known to.
  private static func advice(_ plan: Plan) -> String? {
    let best = MergeMethods.recommended.declaration.name
    let hasData = plan.models.allSatisfy { $0.data != nil && $0.statistics == nil }
    guard hasData, plan.compatibility == nil, plan.method?.preset == nil, plan.method?.method != best else {
      return nil
    }
    return
      "with these data merge_method: \(best) has given the most accurate merges; `fishermerge compare` tries all methods"
  }

  private static func work(_ solves: SolveForecast?) -> String {
    guard let solves else { return "" }
    let (solved, layers) = (significant(solves.solveOperations / 1e9), significant(solves.layerOperations / 1e9))
    let passes = solves.layerOperations > 0 ? " and \(layers) for the passes layer by layer" : ""
    return "; of these \(solved) in double precision for the solves\(passes)"
  }

  private static func messages(_ solves: SolveForecast?) -> String {
    solves.map { "; solves at most \(byteCount($0.messageBytes)) in all" } ?? ""
  }
}
