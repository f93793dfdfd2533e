import Estimation
import LinearAlgebra
import Merging
import Parameters

/// The linear layers that share an input: query, key and value of a layer, or one layer alone.
package struct LinearSystem: Sendable {
  /// Where the Gram matrix of the input is estimated; nil where the input does not depend on examples.
  package let site: GramSite?
  /// n, the width of the layers' input.
  package let inputs: Int
  /// The layer, counted from 0; nil outside the layers.
  package let layer: Int?
  /// Whether the table of relative positions is an input of these layers: beside the site's, or the only one.
  package let readsTable: Bool
  /// Every layer's weight, and its bias where it has one, in the order of the data flow.
  package let layers: [(weight: Parameter, bias: Parameter?)]

  /// All systems of the parameters that are merged, in the order of the data flow.
  package static func all(of parameters: [Parameter], rule: RegMeanRule) -> [LinearSystem] {
    let solved = parameters.filter { !$0.isHead && (rule.pooler == .regmean || $0.role.stage != .aboveLayers) }
    let sites = GramSite.all(of: solved)
    func readsTable(_ parameter: Parameter) -> Bool {
      parameter.role.input?.isOfExamples == false || parameter.role.readsTable && rule.tableRows > 0
    }
    // A bias that is solved for is one more unknown of its layer.
    func hasBias(_ parameter: Parameter) -> Bool {
      solved.contains {
        $0.kind == .bias && $0.component == parameter.component && $0.layer == parameter.layer
      }
    }
    var systems: [LinearSystem] = []
    for weight in solved where weight.kind == .weight {
      guard let input = weight.role.input else { continue }
      let own = solved.filter {
        $0.role.input == input && $0.layer == weight.layer && readsTable($0) == readsTable(weight)
          && (rule.bias == .mean || hasBias($0) == hasBias(weight))
      }
      // Once for all layers with one input: at the first.
      guard own.first?.name == weight.name else { continue }
      systems.append(
        LinearSystem(
          site: sites.first { $0.place == input && $0.layer == weight.layer }, inputs: weight.shape[1],
          layer: weight.layer, readsTable: readsTable(weight),
          layers: own.filter { $0.kind == .weight }.map { weight in
            (weight, own.first { $0.kind == .bias && $0.component == weight.component })
          }))
    }
    return systems
  }

  /// The rule as far as it has a meaning for these layers: without biases none can be solved for.
  func rule(_ rule: RegMeanRule) -> RegMeanRule {
    guard layers.allSatisfy({ $0.bias == nil }) else { return rule }
    var own = rule
    own.bias = .mean
    return own
  }

  package var outputs: Int { layers.reduce(0) { $0 + $1.weight.shape[0] } }

  /// The floating-point operations of merging K models.
  package func operations(models: Int) -> Double {
    RegMeanSystem.operations(inputs: inputs, outputs: outputs, models: models)
  }
}
