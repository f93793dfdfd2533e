import Encoders
import Estimation
import Foundation
import LinearAlgebra
import Merging
import MessagePassing
import ModelMerging

extension Distillation {
  /// The metrics of the groups' layers, on all ranks. **Collective.**
  func metrics(of groups: [DistillGroup]) throws -> [[DistillSums.Metric?]] {
    try groups.map { group in
      try group.layers.map { layer in
        guard rule.metric == .lowRank, let site = layer.site else { return nil }
        let root = try communicator.agreeOnRoot(in: "reading the output metric") {
          try self.metrics?.metric(at: site)
        }
        return try DistillSums.Metric(
          root ?? nil, outputs: layer.outputs.count, models: models.count, floor: rule.beta, communicator)
      }
    }
  }

  /// Solves for a step's layers, each on one rank, so that its bits do not depend on their number; all get all.
  /// **Collective.**
  ///
  /// - Parameter rows: of each model, how many were summed.
  func solve(
    _ groups: [DistillGroup], _ sums: DistillSums, _ metrics: [[DistillSums.Metric?]], rows: [Double]
  ) throws {
    let jobs = groups.indices.flatMap { group in groups[group].layers.indices.map { (group: group, layer: $0) } }
    func owner(_ job: Int) -> Int { jobs.count > 1 ? job % communicator.size : Communicator.root }
    var (own, reports): ([Int: Matrix<Double>], [Int: SolveReport]) = ([:], [:])
    var owners: [AnyObject] = []
    try communicator.agree(in: "solving a step's layers") {
      for (place, group) in groups.enumerated() {
        let mine = jobs.indices.filter { jobs[$0].group == place && owner($0) == communicator.rank }
        guard !mine.isEmpty else { continue }
        let table =
          group.readsTable
          ? try DistillTable(models, merged: merged.values, hasBias: group.unknowns > group.inputs) : nil
        let system = try system(of: group, sums, table, rows: rows)
        for job in mine {
          let products = Buffer<Double>(count: group.layers[jobs[job].layer].outputs.count * group.unknowns)
          owners.append(products)
          (own[job], reports[job]) = try solve(
            group, place, jobs[job].layer, system, sums, table, metrics[place][jobs[job].layer], into: products)
        }
      }
    }
    for (index, job) in jobs.enumerated() {
      let layer = groups[job.group].layers[job.layer]
      try share(own[index], layer, inputs: groups[job.group].inputs, from: owner(index))
      let report = try communicator.broadcast(
        Array(try JSONEncoder().encode([reports[index]].compactMap(\.self))), root: owner(index))
      if communicator.isRoot {
        solution.reports += try JSONDecoder().decode([SolveReport].self, from: Data(report))
      }
    }
    withExtendedLifetime(owners) {}
  }

  /// The system of one group, factorised.
  func system(
    of group: DistillGroup, _ sums: DistillSums, _ table: DistillTable?, rows: [Double]
  ) throws -> DistillSystem {
    let system = DistillSystem(
      rule, tensor: group.layers[0].weight.name, unknowns: group.unknowns, coefficients: coefficients.values)
    for model in models.indices {
      let rows = group.readsTableAlone ? Double(table?.rows ?? 1) : rows[model]
      try system.add(model: model, rows: rows) { target in
        if !group.readsTableAlone { sums.readGram(model, dividedBy: rows, into: target) }
        table?.addGram(times: share(of: group), to: target)
      }
    }
    try system.factorise()
    return system
  }

  /// What the table's rows count in all, against the tokens.
  func share(of group: DistillGroup) -> Double { group.readsTableAlone ? 1 : rule.tableRows }

  /// Solves for one layer: [W, b] in the memory of `products`.
  func solve(
    _ group: DistillGroup, _ place: Int, _ number: Int, _ system: DistillSystem, _ sums: DistillSums,
    _ table: DistillTable?, _ metric: DistillSums.Metric?, into products: Buffer<Double>
  ) throws -> (Matrix<Double>, SolveReport) {
    let layer = group.layers[number]
    let target = products.vector.matrix(rows: layer.outputs.count, columns: group.unknowns)
    if !group.readsTableAlone { sums.readProducts(group: place, layer: number, into: products.vector) }
    let sources = try models.map { try LayerSource(layer, of: $0) }
    for (model, source) in sources.enumerated() {
      table?.addProducts(
        source.parameters, model: model, times: share(of: group) * coefficients.values[model], to: target)
    }
    let sketched = metric.map { sums.readSketched(group: place, layer: number, $0) }
    let report = try withExtendedLifetime((sources, sketched)) {
      try system.solve(
        layer.weight.name, products: target, teachers: sources.map(\.parameters), metric: metric?.common,
        sketched: sketched?.map(\.matrix) ?? [])
    }
    return (target, report)
  }

  /// Gives a solved layer to all ranks, each entry rounded once. **Collective.**
  ///
  /// - Parameter solved: [W, b] on the rank that has solved it; nil elsewhere.
  func share(_ solved: Matrix<Double>?, _ layer: DistillLayer, inputs: Int, from owner: Int) throws {
    let (rows, count) = (layer.outputs, layer.outputs.count)
    let weight = merged.room(for: layer.weight).vector[rows.lowerBound * inputs..<rows.upperBound * inputs]
    let bias = layer.bias.map { merged.room(for: $0).vector[rows] }
    if let solved {
      for row in 0..<count {
        narrow(solved.row(row)[0..<inputs], into: weight[row * inputs..<(row + 1) * inputs])
        bias?[row] = Float(solved[row, inputs])
      }
    }
    try communicator.broadcast(weight.buffer, root: owner)
    if let bias { try communicator.broadcast(bias.buffer, root: owner) }
    guard communicator.isRoot else { return }
    for parameter in [layer.weight, layer.bias].compactMap(\.self) {
      solution.values[parameter.name] = merged.room(for: parameter)
    }
  }
}
