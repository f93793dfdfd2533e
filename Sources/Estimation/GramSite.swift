import Encoders
import Parameters

/// A Gram matrix's place in the encoder, its size and its name in files.
package struct GramSite: Hashable, Sendable {
  package let place: LinearInput
  /// Nil outside the layers.
  package let layer: Int?
  /// n, the width of the layers' input.
  package let inputs: Int
  package let rows: SummedRows
  /// How many of the layers that the data flow through take their input here.
  let uses: Int

  /// The name of the packed triangle.
  package var name: String { "gram." + (layer.map { "\($0).\(place.rawValue)" } ?? place.rawValue) }
  /// The name of Σ x.
  package var sumName: String { name + ".sum" }

  /// The places where linear layers take their input from the examples, in the order in which the data flow past them:
  /// one for all layers that share it.
  package static func all(of parameters: [Parameter]) -> [GramSite] {
    var sites: [GramSite] = []
    for weight in parameters where weight.kind == .weight {
      guard let place = weight.role.input, place.isOfExamples,
        !sites.contains(where: { ($0.place, $0.layer) == (place, weight.layer) })
      else { continue }
      sites.append(
        GramSite(
          place: place, layer: weight.layer, inputs: weight.shape[1],
          rows: weight.role.stage.isPerToken ? .tokens(uses: max(1, weight.role.uses.count)) : .examples,
          uses: max(1, weight.role.uses.count)))
    }
    return sites
  }
}

extension ModelLayout {
  /// The places of the Gram matrices.
  ///
  /// - Parameter includingHead: also those where a task's own head takes its input.
  package func gramSites(includingHead: Bool = false) -> [GramSite] {
    GramSite.all(of: includingHead ? parameters : merged)
  }
}
