import Encoders
import LinearAlgebra
import Merging
import MessagePassing
import ModelMerging
import Parameters
import Reporting

/// How far the models' matrices are from their plain average, for the report: ‖θ − θ̄‖ / ‖θ̄‖ of every matrix of a
/// layer. Measured piece by piece, which costs least right after a merge has read the same piece of the sources. Not
/// collective.
final class MeasuredDisagreement {
  private let names: [String]
  private let sources: [StoredModel]
  private let weights: SiteWeights
  private var places: [(parameter: Parameter, distances: [Double], norm: Double)] = []
  /// The sources of the last place.
  private var entries: [SourceEntries] = []
  private let room = Buffer<Float>(count: tileElements)
  /// Few enough to stay in the second-level cache, with those of some models.
  private static let tileElements = 1 << 14

  /// - Parameter names: of the models.
  init(_ sources: [StoredModel], names: [String]) throws(MergingError) {
    self.names = names
    self.sources = sources
    weights = .linear(try .uniform(models: names))
  }

  /// Adds some entries of a parameter; all of one parameter before the next. Those that are not matrices of a layer are
  /// left out.
  func add(_ parameter: Parameter, _ range: Range<Int>) throws {
    guard parameter.layer != nil && parameter.kind == .weight && parameter.shape.count == 2 else { return }
    if places.last?.parameter.name != parameter.name {
      places.append((parameter, Array(repeating: 0, count: sources.count), 0))
      entries = sources.map { SourceEntries(parameter, in: $0) }
    }
    let place = places.count - 1
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.tileElements) {
      let tile = start..<min(start + Self.tileElements, range.upperBound)
      let mean = room.vector[0..<tile.count]
      let views = try entries.map { try $0.view(tile) }
      try weights.average(
        views.map { $0.matrix(rows: 1, columns: tile.count) }, into: mean.matrix(rows: 1, columns: tile.count),
        tensor: parameter.name, start: start)
      places[place].norm += sumOfSquaredDifferences(mean, nil)
      for model in views.indices {
        places[place].distances[model] += sumOfSquaredDifferences(views[model], mean)
      }
    }
    withExtendedLifetime((room, entries)) {}
  }

  /// What was measured, in the order in which it was added.
  var section: Report.Disagreement {
    Report.Disagreement(
      groups: names,
      places: places.map { place in
        Report.Disagreement.Place(
          layer: "\(place.parameter.layer ?? 0)", component: "\(place.parameter.component)",
          values: place.distances.map { place.norm > 0 ? ($0 / place.norm).squareRoot() : 0 })
      },
      caption:
        "How far each model's weights are from the plain average of all models, relative to that average (‖θ − θ̄‖ / ‖θ̄‖)."
    )
  }
}
