import Datasets
import Encoders
import Recipes
import Tokenizers

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

  /// Examples by their indices in the order in which the program takes them; some several times, where it draws with
  /// replacement.
  func order(of examples: TokenizedExamples, _ sampling: Sampling) -> [Int] {
    let indices = Dictionary(uniqueKeysWithValues: examples.rowIndices.enumerated().map { ($1, $0) })
    return draw(sampling).order(of: examples.fileRowCount).compactMap { indices[$0] }
  }

  /// The examples as the program sees them: padded, and without token types where it drops them.
  ///
  /// - Throws: ``PlanError/noPadding(model:mode:)``.
  func seen(
    _ examples: TokenizedExamples, _ sampling: Sampling, by tokenizer: Tokenizer, name: String
  ) throws(PlanError) -> TokenizedExamples {
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
  /// Refuses what the program was not reproduced for, and a head that it has no loss for.
  func check(_ model: StoredModel, name: String) throws(PlanError) {
    guard model.configuration.modelType == Family.bert.modelType else {
      throw .compatibilityFamily(model: name, mode: mode.rawValue, family: model.configuration.modelType)
    }
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
