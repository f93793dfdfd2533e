import Encoders
import Parameters

/// A place whose outputs have a metric: a linear layer that is merged, one of several in a tensor, or the sum of the
/// embedding tables.
package struct OutputSite: Hashable, Sendable {
  /// What an observer is shown of it.
  struct Place: Hashable {
    let component: Component?
    let layer: Int?
    let firstOutput: Int
  }

  /// Nil for the sum of the tables.
  package let component: Component?
  /// The parameter's; nil outside the layers.
  package let layer: Int?
  /// Which row of the weight gives the first of these outputs.
  package let firstOutput: Int
  /// d, the number of outputs; the width of the tables.
  package let outputs: Int
  /// How many of the layers that the data flow through use the weight.
  let uses: Int
  /// The weight's name, and behind it a point and the place of the layer where several lie in one tensor.
  let label: String

  /// The name of the sketch in files.
  package var name: String { "output_metric.\(label)" }

  /// The name of Σ ‖g‖².
  package var traceName: String { name + SecondMoment.traceSuffix }

  /// All places of some parameters, in the order in which the data flow past them: the tables first.
  package static func all(of parameters: [Parameter]) -> [OutputSite] {
    var sites: [OutputSite] = []
    for weight in parameters where weight.kind == .weight && !weight.isHead {
      if weight.role.spread == .tokens {
        sites.append(
          OutputSite(
            component: nil, layer: nil, firstOutput: 0, outputs: weight.shape[1], uses: 1,
            label: "embeddings"))
      }
      guard weight.role.input?.isOfExamples == true else { continue }
      let parts = weight.role.spread.partCount
      let outputs = weight.shape[0] / parts
      for part in 0..<parts {
        sites.append(
          OutputSite(
            component: weight.component, layer: weight.layer, firstOutput: part * outputs, outputs: outputs,
            uses: max(1, weight.role.uses.count),
            label: weight.name + (parts > 1 ? ".\(part)" : "")))
      }
    }
    return sites
  }
}

extension [OutputSite] {
  /// The first slot of every place, where each has so many.
  func slots(each count: Int) -> [OutputSite.Place: Int] {
    Dictionary(
      uniqueKeysWithValues: enumerated().map { index, site in
        (
          OutputSite.Place(component: site.component, layer: site.layer, firstOutput: site.firstOutput),
          count * index
        )
      })
  }
}

extension ModelLayout {
  /// The places whose outputs have a metric.
  package var outputSites: [OutputSite] { OutputSite.all(of: merged) }
}
