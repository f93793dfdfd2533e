import LinearAlgebra
import Merging
import Parameters
import Reporting

/// The merged parameters, one by one, from sources and statistics that are read where they are mapped: memory is the
/// same for any number of models. Not collective.
package protocol ParameterMerge: AnyObject {
  /// Computes one merged parameter some entries at a time, for a caller that has no room for all of them.
  ///
  /// - Parameter body: called with consecutive ranges of entries and a function that computes them into the memory it
  ///   is given.
  func forEachPiece(
    of parameter: Parameter, _ body: (Range<Int>, _ merge: (Vector<Float>) throws -> Void) throws -> Void
  ) throws

  /// How many of the entries so far got the plain average because no model had a weight there.
  var plainEntries: Int { get }
  /// How linear systems were solved, in the order of the data flow.
  var reports: [SolveReport] { get }
  /// What the user should know, a sentence each.
  var notes: [String] { get }

  /// Adds the method's own sections to a report.
  ///
  /// - Parameter tasks: the models' names.
  func illustrate(_ report: inout Report, tasks: [String]) throws
}

extension ParameterMerge {
  package var plainEntries: Int { 0 }
  package var reports: [SolveReport] { [] }
  package var notes: [String] { [] }
  package func illustrate(_ report: inout Report, tasks: [String]) {}

  /// Computes one merged parameter.
  package func merge(_ parameter: Parameter, into target: Vector<Float>) throws {
    try forEachPiece(of: parameter) { range, merge in try merge(target[range]) }
  }
}

/// The pieces in which parameters are merged and written.
package enum MergePieces {
  /// A megabyte of Float: as much as is written at a time.
  package static let elements = 1 << 18
  /// Few enough entries to stay in the second-level cache, with those of some models.
  static let tileElements = 1 << 14

  static func ranges(of count: Int) -> [Range<Int>] { ranges(0..<count, of: elements) }

  static func tiles(of range: Range<Int>) -> [Range<Int>] { ranges(range, of: tileElements) }

  private static func ranges(_ range: Range<Int>, of length: Int) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: length).map { $0..<min($0 + length, range.upperBound) }
  }
}
