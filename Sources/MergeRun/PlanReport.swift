import Checkpoints
import Encoders
import Estimation
import Foundation
import SystemPackage

/// What `fishermerge plan` prints: every check that a merge makes, and what it will cost. Needs no MPI.
package struct PlanReport {
  package let text: String
  package let json: JSON

  package init(recipe path: FilePath, console: Console) throws {
    let recipe = try Recipe(path: path)
    let planner = try Planner(recipe, console: console)
    let plan = planner.plan
    var table = Table(["model", "weight", "examples", "tokens", "blocks", "work", "own memory per rank", "message"])
    var rows: [JSON] = []
    var total = 0.0
    var most = (rank: 0, root: 0, message: 0)
    for (planned, source) in zip(plan.models, planner.sources) {
      let forecast = Forecast(planned, plan: plan, convertedBytes: source.model.convertedBytes)
      total += forecast.operations
      most = (
        max(most.rank, forecast.memoryPerRank), max(most.root, forecast.memoryOnRoot),
        max(most.message, forecast.messageBytes)
      )
      table.add([
        planned.name, significant(planned.weight), planned.data.map { "\($0.examples) of \($0.rows)" } ?? "–",
        planned.data.map { "\($0.tokens)" } ?? "–", planned.data.map { "\($0.blocks)" } ?? "–",
        "\(significant(forecast.operations / 1e9)) GFLOP", byteCount(forecast.memoryPerRank),
        byteCount(forecast.messageBytes),
      ])
      rows.append([
        "name": .string(planned.name), "examples": .integer(planned.data?.examples ?? 0),
        "tokens": .integer(planned.data?.tokens ?? 0), "blocks": .integer(planned.data?.blocks ?? 0),
        "operations": .number(forecast.operations), "memory_per_rank_bytes": .integer(forecast.memoryPerRank),
        "message_bytes": .integer(forecast.messageBytes),
      ])
    }
    text = """
      \(plan.method.rawValue): \(describe(plan))
      \(table.text)
      work: \(significant(total / 1e9)) GFLOP in products, over all ranks
      memory: at most \(byteCount(most.rank)) of its own per rank, \(byteCount(most.root)) more on rank 0; weights are shared by the page cache
      messages: at most \(byteCount(most.message)) per model, in pieces of 4 MiB
      plan \(try plan.hash())
      """
    json = [
      "plan_sha256": .string(try plan.hash()), "method": .string(plan.method.rawValue),
      "settings": .string(describe(plan)), "models": .array(rows), "operations": .number(total),
      "memory_per_rank_bytes": .integer(most.rank), "memory_on_root_bytes": .integer(most.root),
      "message_bytes": .integer(most.message),
    ]
  }
}
