import Diagnostics

/// What is wrong with the values of a setting that a search is to try.
package enum SearchedParameterError: DiagnosedError, Equatable {
  case unknown(key: String, method: String, known: [String])
  case repeated(key: String)
  /// A model of the recipe gives it for itself.
  case ofModel(key: String)
  case wrongValue(key: String, value: String, allowed: String)
  /// The method would need other statistics.
  case needsStatistics(key: String, setting: String)

  package var subject: String {
    switch self {
    case .unknown(let key, _, _), .repeated(let key), .ofModel(let key), .wrongValue(let key, _, _),
      .needsStatistics(let key, _):
      "--parameter \(key)"
    }
  }

  package var problem: String {
    switch self {
    case .unknown(_, let method, _): "\(method) has no such setting to search"
    case .repeated: "it is given twice"
    case .ofModel: "a model of the recipe has its own, which a search would not change"
    case .wrongValue(_, let value, let allowed): "\(value) is not \(allowed)"
    case .needsStatistics(_, let setting): "with \(setting) the method needs other statistics than the recipe's"
    }
  }

  package var remedy: String {
    switch self {
    case .unknown(let key, let method, let known):
      nearest(to: key, among: known).map { "did you mean \($0)?" }
        ?? (known.isEmpty ? "\(method) has none" : "one of \(known.joined(separator: ", "))")
    case .repeated: "give all values at once, as in --parameter ridge=0,0.01,0.1"
    case .ofModel: "take it out of the models, or do not search it"
    case .wrongValue: "give values of this kind, separated by commas"
    case .needsStatistics: "search each of them by itself"
    }
  }

  package var exitCode: FailureCode { .usage }
}
