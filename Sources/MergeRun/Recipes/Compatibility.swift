import Datasets
import Encoders
import Estimation
import Merging
import Tokenizers

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
    var method: Recipe.Method {
      switch self {
      case .fisherNodes: .maskFisher
      case .matenaRaffel: .fisher
      case .dataless: .regMean
      }
    }

    /// The keys of `parameters` that have a meaning: the others' settings are the program's.
    var parameters: [String] {
      switch self {
      case .fisherNodes: ["examples", "seed", "max_length", "batch_size"]
      case .matenaRaffel: ["examples", "sequence_length", "floor", "normalize", "floor_only"]
      case .dataless: ["examples", "seed", "max_length", "batch_size", "off_diagonal"]
      }
    }

    /// How many examples the program takes unless told otherwise.
    var examples: Int {
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
  var description: String {
    switch self {
    case .fisherNodes(let size), .dataless(let size): "compatibility \(mode.rawValue), batches of \(size)"
    case .matenaRaffel(let length): "compatibility \(mode.rawValue), padded to \(length) tokens"
    }
  }

  /// What the user is told before any work.
  var notice: String {
    "compatibility \(mode.rawValue): this reproduces a published program with its defects, to check published numbers; "
      + "it is no recommendation. docs/compatibility.md says what it does"
  }
}

// MARK: Examples and units of work

extension Compatibility {
  /// The rows that the program takes of a data file.
  func draw(_ sampling: Sampling) -> PublishedDraw {
    let count = sampling.examples ?? mode.examples
    // The recipe has checked the seed.
    return switch self {
    case .fisherNodes: .withReplacement(count: count, seed: UInt32(truncatingIfNeeded: sampling.seed))
    case .matenaRaffel: .first(count: count)
    case .dataless: .shuffled(count: count, seed: sampling.seed)
    }
  }

  /// Examples by their indices in the order in which the program takes them; some several times, where it draws with replacement.
  func order(of examples: TokenizedExamples, _ sampling: Sampling) -> [Int] {
    let indices = Dictionary(uniqueKeysWithValues: examples.rowIndices.enumerated().map { ($1, $0) })
    return draw(sampling).order(of: examples.fileRowCount).compactMap { indices[$0] }
  }

  /// The examples as the program sees them: padded, and without token types where it drops them.
  ///
  /// - Throws: ``RunError/noPadding(model:mode:)``.
  func seen(
    _ examples: TokenizedExamples, _ sampling: Sampling, by tokenizer: Tokenizer, name: String
  ) throws(RunError) -> TokenizedExamples {
    if case .fisherNodes = self { return examples }
    guard let padding = tokenizer.tokens.first(where: { $0.text == "[PAD]" })?.id else {
      throw .noPadding(model: name, mode: mode.rawValue)
    }
    switch self {
    case .fisherNodes: return examples
    case .matenaRaffel(let length):
      return examples.padded(
        to: Array(repeating: length, count: examples.count), with: padding, isAttended: true)
    case .dataless(let size):
      let batches = Self.batches(order(of: examples, sampling), of: size)
      return Self.padded(examples, inBatches: batches, padding: padding)
    }
  }

  /// Every example padded to the longest of its batch, without attention to the padding, and of token type 0.
  static func padded(
    _ examples: TokenizedExamples, inBatches batches: [[Int]], padding: Int32
  ) -> TokenizedExamples {
    var lengths = Array(repeating: 0, count: examples.count)
    for batch in batches {
      let longest = batch.map { examples.length($0) }.max() ?? 0
      for index in batch { lengths[index] = longest }
    }
    return examples.padded(to: lengths, with: padding, isAttended: false).withoutTokenTypes()
  }

  /// Consecutive runs of `size` examples; the last may be shorter.
  static func batches(_ order: [Int], of size: Int) -> [[Int]] {
    stride(from: 0, to: order.count, by: size).map { Array(order[$0..<min(order.count, $0 + size)]) }
  }
}

extension Compatibility {
  /// The batches whose mean gradients are squared, as examples by their indices; nil where single examples are.
  func squaredBatches(of examples: TokenizedExamples, _ sampling: Sampling) -> [[Int]]? {
    guard case .fisherNodes(let size) = self else { return nil }
    return Self.batches(order(of: examples, sampling), of: size)
  }
}

extension Compatibility {
  /// Refuses a head that the program has no loss for.
  func check(_ model: StoredModel, name: String) throws(RunError) {
    let problem = model.configuration.problem
    let isRefused =
      switch self {
      case .fisherNodes: problem == .multiLabel
      // One output has a softmax of 1 and so a Fisher of 0, and the norm that is divided by is 0 too.
      case .matenaRaffel: problem != .singleLabel || model.configuration.outputs < 2
      case .dataless: false
      }
    guard !isRefused else { throw .compatibilityHead(model: name, mode: mode.rawValue) }
  }
}
