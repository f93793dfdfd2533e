import Diagnostics
import SystemPackage

/// Why statistics files cannot be used, alone or together.
package enum StatisticsError: DiagnosedError, Equatable {
  case notStatistics(FilePath)
  /// A layout that this program does not read.
  case otherVersion(FilePath, version: String)
  case invalid(FilePath, reason: String)
  /// A tensor with impossible values.
  case implausible(FilePath, tensor: String, reason: String)
  /// The data are not those that were written.
  case damaged(FilePath, found: String, expected: String)
  /// Two files cannot be added; `values` are what each has.
  case different(FilePath, FilePath, what: String, values: [String], remedy: String)
  /// Two files have or may have examples in common.
  case overlap(FilePath, FilePath, reason: String, remedy: String)
  /// The statistics are those of another model.
  case otherModel(FilePath, hash: String, model: String, what: String, values: [String])
  /// A merge needs a statistic that the file does not hold, unless it has another setting.
  case missingKind(FilePath, kind: String, found: String, settingWithout: String?)

  package var subject: String {
    switch self {
    case .notStatistics(let path), .otherVersion(let path, _), .invalid(let path, _), .damaged(let path, _, _),
      .missingKind(let path, _, _, _):
      path.string
    case .implausible(let path, let tensor, _): "\(path), tensor \(tensor)"
    case .different(let first, let second, _, _, _), .overlap(let first, let second, _, _): "\(first) and \(second)"
    case .otherModel(let path, _, let model, _, _): "\(path) and \(model)"
    }
  }

  package var problem: String {
    switch self {
    case .notStatistics: "this is no statistics file of fishermerge"
    case .otherVersion(_, "1"): "the file has version 1 of the layout, which lacks what errors and checks need"
    case .otherVersion(_, let version): "version \(version) of the layout is not known"
    case .invalid(_, let reason), .implausible(_, _, let reason): reason
    case .damaged(_, let found, let expected):
      "the data have the SHA-256 \(found), but \(expected) was written: the file was damaged or changed"
    case .different(_, _, let what, let values, _): "\(what) differ (\(values.joined(separator: " and ")))"
    case .overlap(_, _, let reason, _): reason
    case .otherModel(_, let hash, _, let what, let values):
      "the statistics were estimated on another model, whose weights have the SHA-256 \(hash): \(what) differ "
        + "(\(values.joined(separator: " and ")))"
    case .missingKind(_, let kind, let found, _): "the file has no \(kind) statistic, only \(found)"
    }
  }

  package var remedy: String {
    switch self {
    case .notStatistics: "use a file that `fishermerge estimate` or `combine` wrote"
    case .otherVersion: "estimate the statistics again with this version of fishermerge"
    case .invalid, .implausible, .damaged: "fetch the file again from where it was published, or estimate it again"
    case .different(_, _, _, _, let remedy), .overlap(_, _, _, let remedy): remedy
    case .otherModel: "use the model whose weights have that hash, or estimate the statistics of this model"
    case .missingKind(_, let kind, _, let setting):
      "estimate again with `--statistic \(kind)`"
        + (setting.map { ", or set `\($0)` in the recipe's parameters" } ?? "")
    }
  }

  package var exitCode: FailureCode { .badInput }
}
