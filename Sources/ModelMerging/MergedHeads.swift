import Checkpoints
import Encoders
import LinearAlgebra
import Merging
import Parameters

/// The classification heads of the merged models: each task's own, or one that all share. Not collective.
package struct MergedHeads {
  private let sources: [StoredModel]
  private let shares: Coefficients
  /// Nil where every task keeps its own.
  private let merge: HeadMerge?
  /// By task, the parameters that were solved anew.
  private var resolved: [[String: Buffer<Float>]]

  /// - Throws: ``MergingError`` where heads are to be merged that do not have the same labels or the same kind of
  ///   problem.
  package init(_ policy: HeadPolicy, of sources: [StoredModel], _ coefficients: Coefficients) throws(MergingError) {
    self.sources = sources
    resolved = sources.map { _ in [:] }
    shares = try coefficients.shares
    guard policy == .merge else {
      merge = nil
      return
    }
    for (other, source) in sources.enumerated().dropFirst() {
      guard let (key, here, there) = sources[0].configuration.firstHeadDifference(from: source.configuration) else {
        continue
      }
      throw .differentHeads(
        first: coefficients.models[0], second: coefficients.models[other], key: key, values: [here, there])
    }
    // The one output of a regression needs no name.
    let labels = sources.map { model in
      model.configuration.problem == .regression && model.configuration.outputs == 1 ? ["value"] : model.labels
    }
    merge = try HeadMerge(labels: labels, coefficients: shares)
  }

  /// Every task's own head, but for what was solved anew.
  ///
  /// - Parameter resolved: by task and name.
  package init(own sources: [StoredModel], _ coefficients: Coefficients, resolved: [[String: Buffer<Float>]])
    throws(MergingError)
  {
    try self.init(.resolve, of: sources, coefficients)
    self.resolved = resolved
  }

  /// Whether labels have only the names that a library gives by default, so that equal names say little.
  package static func namesAreDefaults(_ model: StoredModel) -> Bool {
    !model.labels.isEmpty && ModelConfiguration.areDefaults(model.labels)
  }

  /// One head parameter of a task, a classifier in the task's own order of labels, in single precision; nil where the
  /// task keeps its own.
  package func merged(_ parameter: Parameter, task: Int) throws -> Buffer<Float>? {
    guard let merge else { return resolved[task][parameter.name] }
    guard parameter.role.spread == .labels else {
      let mean = Buffer<Float>(count: parameter.count)
      try AveragedParameters(sources: sources).average(parameter, by: .linear(shares), into: mean.vector)
      return mean
    }
    let rows = parameter.shape[0]
    let columns = parameter.count / rows
    let common = Buffer<Float>(count: parameter.count)
    let scratch = Buffer<Float>(count: parameter.count)
    let shared = common.vector.matrix(rows: rows, columns: columns)
    try merge.merge(parameter.name, into: shared) { model in
      try sources[model].tensor(parameter).copy(into: scratch.vector)
      return scratch.vector.matrix(rows: rows, columns: columns)
    }
    let own = scratch.vector.matrix(rows: rows, columns: columns)
    for (label, row) in merge.rows[task].enumerated() { copy(shared.row(label), to: own.row(row)) }
    return withExtendedLifetime(common) { scratch }
  }
}
