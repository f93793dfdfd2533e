import Encoders
import LinearAlgebra
import Parameters

/// What a diagonal Fisher keeps of parameters that several layers use, until all have been seen: the gradient of an
/// example is the sum over the layers, and is squared after.
///
/// For a linear layer, an example's gradient is Σ_u G_uᵀ X_u: one product of the rows of all layers, which are kept.
/// For a vector the sums are kept themselves.
final class SharedGradients<Scalar: KernelScalar> {
  /// Some outputs of a parameter, by its slot.
  private struct Part: Hashable {
    let slot, firstOutput: Int
  }

  /// The rows of one layer's input, which several linear layers read.
  private struct KeptInput: Hashable {
    let input: DiagonalFisher<Scalar>.Input?
    let use, rows: Int
  }

  private var rows: [Part: [Observation<Scalar>]] = [:]
  private var inputs: [KeptInput: Matrix<Scalar>] = [:]
  private var vectors: [Part: (gradients: Matrix<Scalar>, uses: Int)] = [:]
  private let memory = Arena()

  /// Keeps what a linear layer shows of one of its uses.
  ///
  /// - Returns: at the last use, all of them: of each example the rows of all uses, one after the other; nil before.
  func joined(
    _ o: Observation<Scalar>, of slot: Int, uses: Int, input: DiagonalFisher<Scalar>.Input?, in scratch: Arena
  ) -> Observation<Scalar>? {
    startIfEmpty()
    let part = Part(slot: slot, firstOutput: o.firstOutput)
    let use = rows[part]?.count ?? 0
    let key = KeptInput(input: input, use: use, rows: o.input.rows)
    let x = inputs[key] ?? copied(o.input)
    inputs[key] = x
    rows[part, default: []].append(
      Observation(
        layer: o.layer, firstOutput: o.firstOutput, input: x, gradient: copied(o.gradient), segments: o.segments))
    guard use + 1 == uses, let all = rows.removeValue(forKey: part) else { return nil }

    let segments = Segments(
      offsets: o.segments.offsets.indices.map { index in all.reduce(0) { $0 + $1.segments.offsets[index] } })
    let joinedInput = scratch.matrix(segments.rows, o.input.columns, of: Scalar.self)
    let joinedGradient = scratch.matrix(o.columns * segments.rows, o.gradient.columns, of: Scalar.self)
    var target = 0
    for example in 0..<segments.count {
      for own in all {
        let from = own.segments[example]
        copy(own.input.rows(from).elements, to: joinedInput.rows(target..<target + from.count).elements)
        for column in 0..<o.columns {
          let place = column * segments.rows + target
          copy(
            own.gradient(column: column, example: example).elements,
            to: joinedGradient.rows(place..<place + from.count).elements)
        }
        target += from.count
      }
    }
    return Observation(
      layer: o.layer, firstOutput: o.firstOutput, input: joinedInput, gradient: joinedGradient, segments: segments)
  }

  /// The place to add one use's gradients of a vector to, [rows, width], and whether it is the last use.
  func sum(
    of slot: Int, firstOutput: Int, uses: Int, rows: Int, width: Int
  ) -> (gradients: Matrix<Scalar>, isComplete: Bool) {
    startIfEmpty()
    let part = Part(slot: slot, firstOutput: firstOutput)
    var own: (gradients: Matrix<Scalar>, uses: Int)
    if let found = vectors[part] {
      own = found
    } else {
      own = (memory.matrix(rows, width), 0)
      own.gradients.elements.clear()
    }
    own.uses += 1
    vectors[part] = own.uses < uses ? own : nil
    return (own.gradients, own.uses == uses)
  }

  /// Between two passes nothing is kept.
  private func startIfEmpty() {
    guard rows.isEmpty, vectors.isEmpty else { return }
    inputs.removeAll(keepingCapacity: true)
    memory.reset()
  }

  private func copied(_ x: Matrix<Scalar>) -> Matrix<Scalar> {
    let out = memory.matrix(x.rows, x.columns, of: Scalar.self)
    for row in 0..<x.rows { copy(x.row(row), to: out.row(row)) }
    return out
  }
}
