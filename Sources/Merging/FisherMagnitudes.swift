import LinearAlgebra
import Parameters

/// How large one model's diagonal Fisher is, tensor by tensor: the norms and the bounds below which it counts as zero.
///
/// All merged tensors of a model are added, always in one order, before the first is folded. Heads and other tensors
/// that are not merged stay out, or they would change the global norm.
package struct FisherMagnitudes: Sendable {
  /// The model's name, for messages.
  package let model: String
  /// The number of examples N in the sums.
  package let exampleCount: Int
  private var tensors: [String: Entry] = [:]
  private var familyLargest: [Family: Double] = [:]
  private var sumOfSquares = 0.0
  private var sum = 0.0

  /// Of the mean Fisher of one tensor.
  struct Magnitude {
    let norm: Double
    let largest: Double
    /// Values below this are rounding noise.
    let bound: Double
  }

  private struct Entry {
    let sumOfSquares: Double
    let largest: Double
    let family: Family
  }

  /// The tensors whose largest value says what is noise.
  ///
  /// A tensor is judged by itself, but linear layers that share an input are judged together, weights and biases apart:
  /// the Fisher of a key's bias is exactly zero, so that all of it is noise, and only its neighbours can show that.
  private enum Family: Hashable {
    case tensor(String)
    case sharing(LinearInput, layer: Int?, Parameter.Kind)

    init(_ parameter: Parameter) {
      self =
        parameter.role.input.map { .sharing($0, layer: parameter.layer, parameter.kind) } ?? .tensor(parameter.name)
    }
  }

  package init(model: String, exampleCount: Int) throws(MergingError) {
    guard exampleCount > 0 else { throw .noExamples(subject: model) }
    self.model = model
    self.exampleCount = exampleCount
  }

  /// Takes the magnitude of one parameter's Fisher sums.
  ///
  /// - Throws: ``MergingError/invalidStatistic(subject:element:value:)`` and ``MergingError/tooLarge(subject:value:)``
  ///   naming model and tensor.
  package mutating func add(_ parameter: Parameter, sums: Vector<Double>) throws(MergingError) {
    var measured = Measured(parameter)
    try measure(sums, into: &measured)
    try add(measured)
  }

  /// Takes the magnitude of one parameter's Fisher sums, which come in pieces, in their order.
  ///
  /// - Parameter forEachPiece: calls what it is given with consecutive sums, all of the parameter together.
  package mutating func add(
    _ parameter: Parameter, forEachPiece: (_ take: (Vector<Double>) throws -> Void) throws -> Void
  ) throws {
    var measured = Measured(parameter)
    try forEachPiece { try measure($0, into: &measured) }
    try add(measured)
  }

  /// One tensor while its sums arrive.
  private struct Measured {
    let tensor: String
    let family: Family
    var squares = SquareSums()

    init(_ parameter: Parameter) {
      tensor = parameter.name
      family = Family(parameter)
    }
  }

  private func measure(_ sums: Vector<Double>, into measured: inout Measured) throws(MergingError) {
    let first = measured.squares.count
    if let invalid = measured.squares.add(sums) {
      throw .invalidStatistic(
        subject: "\(model), \(measured.tensor)", element: first + invalid, value: sums[invalid])
    }
  }

  private mutating func add(_ measured: Measured) throws(MergingError) {
    precondition(tensors[measured.tensor] == nil, "a tensor is measured once")
    let family = measured.family
    let (total, largest) = (measured.squares.total, measured.squares.largest)
    // A norm that is infinite would make every weight of this tensor nothing or not a number.
    guard (sumOfSquares + total).isFinite else {
      throw .tooLarge(subject: "\(model), \(measured.tensor)", value: largest)
    }
    tensors[measured.tensor] = Entry(sumOfSquares: total, largest: largest, family: family)
    familyLargest[family] = max(familyLargest[family] ?? 0, largest)
    sumOfSquares += total
  }

  /// Takes the sum of all entries of one parameter's Fisher sums, which files keep beside them: for
  /// ``DiagonalFisherRule/Normalization/trace``.
  package mutating func add(trace: Double, of parameter: Parameter) throws(MergingError) {
    guard trace >= 0, trace.isFinite else {
      throw .invalidStatistic(subject: "\(model), \(parameter.name)", element: 0, value: trace)
    }
    sum += trace
  }

  /// The trace of the mean Fisher over all tensors whose traces were added.
  package var trace: Double { sum / Double(exampleCount) }

  /// ‖F‖₂ of the mean Fisher over all tensors that were added.
  package var norm: Double { sumOfSquares.squareRoot() / Double(exampleCount) }

  /// ‖F‖₂ of the mean Fisher of one tensor; nil for one that was not added.
  package func norm(of tensor: String) -> Double? {
    tensors[tensor].map { $0.sumOfSquares.squareRoot() / Double(exampleCount) }
  }

  func magnitude(of tensor: String) throws(MergingError) -> Magnitude {
    guard let entry = tensors[tensor], let largest = familyLargest[entry.family] else {
      throw .unmeasuredTensor(model: model, tensor: tensor)
    }
    let count = Double(exampleCount)
    return Magnitude(
      norm: entry.sumOfSquares.squareRoot() / count, largest: entry.largest / count,
      bound: largest / count * NegligibleWeight.relativeBound)
  }
}
