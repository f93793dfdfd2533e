import Checkpoints
import Datasets
import Encoders
import Estimation
import Planning

extension Plan {
  /// SHA-256 of all that decides the sums of one model, in hexadecimal: the same in another recipe.
  func taskHash(of model: Int, _ options: EstimationOptions) throws -> String {
    var work = self
    work.models = [models[model]]
    work.models[0].name = ""
    work.models[0].weight = 1
    work.models[0].validation = nil
    work.method = nil
    work.heads = .keep
    work.outputType = .float32
    let rounds = options.largestError.map { "\($0) \(options.firstRound)" } ?? ""
    return hexadecimalHash(of: "\(try work.hash()) \(options.includesClassifier) \(rounds)")
  }

  /// The predicted work of one block of a model, in floating-point operations.
  func work(of block: [Int], _ examples: TokenizedExamples, _ configuration: EncoderConfiguration) -> Double {
    let lengths = block.map { examples.length($0) }
    return Forecast.operations(
      EncoderWork(
        configuration: configuration, tokens: Double(lengths.reduce(0, +)), examples: Double(lengths.count),
        squaredLengths: Double(lengths.reduce(0) { $0 + $1 * $1 })), plan: self)
  }
}
