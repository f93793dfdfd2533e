import Encoders
import LinearAlgebra
import Merging
import Parameters

/// A merge of differences from the base. Parameters that the base lacks are averaged. Not collective.
package final class TaskVectorMerge: ParameterMerge {
  private let rule: TaskVectorRule
  private let inputs: MergeInputs
  private let base: BaseModel
  private let weights: [Double]
  /// Of each model, the share of entries that its differences keep.
  private let densities: [Double]
  private let rest: AverageMerge

  init(
    _ rule: TaskVectorRule, _ inputs: MergeInputs, by coefficients: Coefficients, densities: [Double]
  ) throws(MergingError) {
    guard let base = inputs.base else { preconditionFailure("the declaration asks for a base") }
    self.rule = rule
    self.inputs = inputs
    self.base = base
    self.densities = densities
    weights = coefficients.values
    rest = AverageMerge(inputs.models, by: try coefficients.shares)
  }

  package var notes: [String] {
    base.missing.isEmpty
      ? [] : ["base_model has no \(base.missing.joined(separator: ", ")): averaged instead"]
  }

  package func forEachPiece(
    of parameter: Parameter, _ body: (Range<Int>, _ merge: (Vector<Float>) throws -> Void) throws -> Void
  ) throws {
    guard let origin = base.tensor(parameter) else { return try rest.forEachPiece(of: parameter, body) }
    let entries = inputs.models.map { SourceEntries(parameter, in: $0) }
    let origins = SourceEntries(origin)
    var cuts: [MagnitudeCut] = []
    for (model, source) in entries.enumerated() { cuts.append(try cut(of: parameter, model, source, origins)) }
    try withExtendedLifetime((entries, origins)) {
      for range in MergePieces.ranges(of: parameter.count) {
        try body(range) { target in
          for tile in MergePieces.tiles(of: range) {
            try rule.merge(
              base: try origins.view(tile), models: try entries.map { try $0.view(tile) }, weights: weights,
              cuts: &cuts, into: target[tile.lowerBound - range.lowerBound..<tile.upperBound - range.lowerBound],
              tensor: parameter.name, start: tile.lowerBound)
          }
        }
      }
    }
  }

  /// Which entries of a model's difference are kept: the share of largest magnitude, at least one.
  private func cut(
    of parameter: Parameter, _ model: Int, _ source: SourceEntries, _ origins: SourceEntries
  ) throws -> MagnitudeCut {
    guard densities[model] < 1 else { return .none }
    let count = max(1, Int(densities[model] * Double(parameter.count)))
    return try MagnitudeCut(keeping: count) { take in
      for tile in MergePieces.tiles(of: 0..<parameter.count) {
        let (theta, origin) = (try source.view(tile), try origins.view(tile))
        for entry in 0..<tile.count { take(theta[entry] - origin[entry]) }
      }
    }
  }
}
