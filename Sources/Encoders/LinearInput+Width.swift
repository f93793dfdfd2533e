import Parameters

extension LinearInput {
  /// The number of inputs.
  package func width(in configuration: EncoderConfiguration) -> Int {
    self == .output ? configuration.intermediate : configuration.hidden
  }
}
