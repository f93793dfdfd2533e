/// A published program whose arithmetic is reproduced, its defects included, so that published numbers can be checked.
///
/// Never the default. `docs/compatibility.md` says what each program does and what is left out here.
package enum Compatibility: Hashable, Sendable, Codable {
  /// Fisher Mask Nodes: squares the gradient of the mean loss of each batch of so many examples.
  case fisherNodes(batchSize: Int)
  /// Matena & Raffel: pads every example to so many tokens and attends to the padding.
  case matenaRaffel(sequenceLength: Int)
  /// RegMean: counts the padding of batches of so many examples.
  case dataless(batchSize: Int)

  /// The names in recipes.
  package enum Mode: String, Hashable, Sendable, CaseIterable {
    case fisherNodes = "fisher-nodes"
    case matenaRaffel = "matena-raffel"
    case dataless

    /// The method that the program implements.
    package var method: String {
      switch self {
      case .fisherNodes: "mask_fisher"
      case .matenaRaffel: "fisher"
      case .dataless: "regmean"
      }
    }

    /// The keys of `parameters` that have a meaning: the others' settings are the program's.
    package var parameters: [String] {
      switch self {
      case .fisherNodes: ["examples", "seed", "max_length", "batch_size"]
      case .matenaRaffel: ["examples", "sequence_length", "floor", "normalize", "floor_only"]
      case .dataless: ["examples", "seed", "max_length", "batch_size", "off_diagonal"]
      }
    }

    /// How many examples the program takes unless told otherwise.
    package var examples: Int {
      switch self {
      case .fisherNodes: 128
      case .matenaRaffel: 4096
      case .dataless: 16_000
      }
    }
  }

  package var mode: Mode {
    switch self {
    case .fisherNodes: .fisherNodes
    case .matenaRaffel: .matenaRaffel
    case .dataless: .dataless
    }
  }

  /// The mode with its setting, for the output, the manifest and the model cards.
  package var description: String {
    switch self {
    case .fisherNodes(let size), .dataless(let size): "compatibility \(mode.rawValue), batches of \(size)"
    case .matenaRaffel(let length): "compatibility \(mode.rawValue), padded to \(length) tokens"
    }
  }

  /// What the user is told before any work.
  package var notice: String {
    "compatibility \(mode.rawValue): this reproduces a published program with its defects, to check published numbers; "
      + "it is no recommendation. docs/compatibility.md says what it does"
  }
}
