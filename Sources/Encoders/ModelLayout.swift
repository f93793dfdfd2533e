import Parameters

/// What a model is made of, without its weights: enough to plan, to name the tensors of statistics and to check files.
package struct ModelLayout: Sendable {
  package let configuration: EncoderConfiguration
  /// In the order in which the data flow through them.
  package let parameters: [Parameter]

  /// The layout of a family's model with these sizes.
  ///
  /// The family must be known, which whoever reads a configuration has checked: ``StoredModel`` does.
  package init(of configuration: EncoderConfiguration) {
    guard let family = Family.named(configuration.modelType) else {
      preconditionFailure("\(configuration.modelType) is no family, so nobody could have made its configuration")
    }
    self.init(configuration, parameters: family.parameters(of: configuration))
  }

  init(_ configuration: EncoderConfiguration, parameters: [Parameter]) {
    self.configuration = configuration
    self.parameters = parameters
  }

  /// Those that a merge gives to all tasks: all but the head's.
  package var merged: [Parameter] { parameters.filter { !$0.isHead } }
}

extension [Parameter] {
  /// The embedding tables whose rows are added up to a token's vector.
  package var summedTables: [Parameter] {
    filter { [.wordEmbeddings, .positionEmbeddings, .tokenTypeEmbeddings].contains($0.component) }
  }
}

extension StoredModel {
  package var layout: ModelLayout { ModelLayout(configuration, parameters: parameters) }
}
