/// How diagonal Fishers become merging weights (Matena & Raffel, arXiv 2111.09832).
///
/// The weight of an entry is λ_j F̃_j, where F̃ is the mean Fisher of one example, normalised and raised to the floor.
package struct DiagonalFisherRule: Hashable, Sendable, Codable {
  /// What makes the Fishers of different models comparable.
  package enum Normalization: String, Hashable, Sendable, Codable, CaseIterable {
    /// The Fishers as they are.
    case none
    /// Each model's divided by its L2 norm over all merged tensors.
    case global
    /// Each model's divided by its L2 norm over the tensor at hand.
    case tensor
    /// Each model's divided by its trace, the sum over all merged tensors.
    case trace
  }

  /// Whether the floor is an absolute Fisher or one relative to the norm.
  package enum FloorOrder: String, Hashable, Sendable, Codable, CaseIterable {
    /// max(F/‖F‖, floor): entries that no model's data touches weigh the same for all models.
    case afterNormalizing = "after"
    /// max(F, floor)/‖F‖, the published arithmetic: such entries go to the model with the smallest norm.
    case beforeNormalizing = "before"
  }

  /// The least F̃; zero for none.
  package var floor: Double
  package var normalize: Normalization
  /// Without effect where nothing is normalised.
  package var floorOrder: FloorOrder
  /// The one model, counted in recipe order from zero, that gets the floor; nil where all do. Entries that no data
  /// touches then keep the values of this model (the published option to favour the target).
  package var floorOnly: Int?

  package init(
    floor: Double, normalize: Normalization, floorOrder: FloorOrder = .afterNormalizing, floorOnly: Int? = nil
  ) {
    self.floor = floor
    self.normalize = normalize
    self.floorOrder = floorOrder
    self.floorOnly = floorOnly
  }

  /// Refuses settings that no merge of `models` models can use; for the plan, before any work.
  package func validate(models: Int) throws(MergingError) {
    guard floor >= 0, floor.isFinite else { throw .invalidFloor(floor) }
    if let floorOnly, !(0..<models).contains(floorOnly) {
      throw .invalidFloorTarget(index: floorOnly, models: models)
    }
  }

  /// The numbers that turn one model's Fisher sums of one tensor into weights.
  ///
  /// A model whose Fisher is zero throughout the norm's range is not normalised: its weights are the floor, or zero.
  ///
  /// - Parameters:
  ///   - tensor: the name under which the tensor was added to `magnitudes`.
  ///   - magnitudes: of all merged tensors of this model.
  ///   - model: the model's place in the recipe.
  package func weighting(
    of tensor: String, magnitudes: FisherMagnitudes, model: Int, coefficients: Coefficients
  ) throws(MergingError) -> FisherWeighting {
    try validate(models: coefficients.count)
    guard coefficients.values.indices.contains(model) else {
      throw .countMismatch(subject: magnitudes.model, what: "weights", expected: model + 1, found: coefficients.count)
    }
    let magnitude = try magnitudes.magnitude(of: tensor)
    let norm: Double =
      switch normalize {
      case .none: 1
      case .global: magnitudes.norm
      case .tensor: magnitude.largest < magnitude.bound ? 0 : magnitude.norm
      case .trace: magnitudes.trace
      }
    let floor = floorOnly == nil || floorOnly == model ? floor : 0
    return FisherWeighting(
      exampleCount: Double(magnitudes.exampleCount), bound: magnitude.bound, norm: norm > 0 ? norm : 1,
      floorBefore: floorOrder == .beforeNormalizing ? floor : 0,
      floorAfter: floorOrder == .afterNormalizing ? floor : 0,
      coefficient: coefficients.values[model])
  }
}

/// One model's weights of one tensor as a function of its Fisher sums s:
/// w = λ max(max(s/N, floorBefore) / norm, floorAfter), where an s/N below the bound counts as 0.
package struct FisherWeighting: Hashable, Sendable {
  let exampleCount: Double
  let bound: Double
  let norm: Double
  let floorBefore: Double
  let floorAfter: Double
  let coefficient: Double
}
