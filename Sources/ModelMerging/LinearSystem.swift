import Estimation
import LinearAlgebra
import Merging
import Parameters

/// The linear layers that share an input: query, key and value of a layer, or one layer alone.
package struct LinearSystem: Sendable {
  package let site: GramSite
  /// Every layer's weight, and its bias where it has one, in the order of the data flow.
  package let layers: [(weight: Parameter, bias: Parameter?)]

  /// All systems of the parameters that are merged, in the order of the data flow.
  package static func all(of parameters: [Parameter], rule: RegMeanRule) -> [LinearSystem] {
    let solved = parameters.filter { !$0.isHead && (rule.pooler == .regmean || $0.role.stage != .pooler) }
    return GramSite.all(of: solved).map { site in
      let own = solved.filter { $0.role.input == site.place && $0.layer == site.layer }
      return LinearSystem(
        site: site,
        layers: own.filter { $0.kind == .weight }.map { weight in
          (weight, own.first { $0.kind == .bias && $0.component == weight.component })
        })
    }
  }

  package var inputs: Int { site.inputs }
  package var outputs: Int { layers.reduce(0) { $0 + $1.weight.shape[0] } }

  /// The floating-point operations of merging K models.
  package func operations(models: Int) -> Double {
    RegMeanSystem.operations(inputs: inputs, outputs: outputs, models: models)
  }
}

/// Merged linear layers, and how each system was solved.
package struct RegMeanSolution {
  /// By the parameter's name.
  package var values: [String: Buffer<Float>] = [:]
  package var reports: [RegMeanReport] = []

  package init() {}
}
