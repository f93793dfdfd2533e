extension RegMeanSystem {
  /// The floating-point operations of one system: n² (2 K + 2) outputs for the products of K models and the
  /// triangular solves, n³/3 for the factorisation. For dividing systems over ranks.
  ///
  /// - Parameters:
  ///   - outputs: the sum over the layers of the system.
  ///   - models: K, those with a coefficient above zero.
  package static func operations(inputs: Int, outputs: Int, models: Int) -> Double {
    let n = Double(inputs)
    return n * n * (2 * Double(outputs) * Double(models + 1) + n / 3)
  }

  /// The bytes that a system holds, with the joint bias at most. What is read and written is not counted.
  package static func memory(inputs: Int, outputs: Int) -> Int {
    let order = inputs + 1
    return 8 * order * (2 * order + 2 * outputs + min(outputs, regMeanTileRows))
  }
}
