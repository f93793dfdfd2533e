import Encoders
import Estimation
import LinearAlgebra
import Merging
import Parameters

/// The linear layers that share an input: query, key and value of a layer, or one layer alone.
package struct LinearSystem: Sendable {
  package let site: GramSite
  /// Every layer's weight and bias, in the order of the data flow.
  package let layers: [(weight: Parameter, bias: Parameter)]

  /// All systems of the merged encoder, in the order of the data flow.
  package static func all(of parameters: [Parameter], _ configuration: EncoderConfiguration, rule: RegMeanRule)
    -> [LinearSystem]
  {
    GramSite.all(of: configuration, includingClassifier: false)
      .filter { rule.pooler == .regmean || $0.place != .pooler }
      .map { site in
        func parameter(_ component: Component, _ kind: Parameter.Kind) -> Parameter {
          let found = parameters.first { $0.component == component && $0.layer == site.layer && $0.kind == kind }
          guard let found else { fatalError("no \(component) in the encoder") }
          return found
        }
        return LinearSystem(
          site: site, layers: site.place.components.map { (parameter($0, .weight), parameter($0, .bias)) })
      }
  }

  package var inputs: Int { layers[0].weight.shape[1] }
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
