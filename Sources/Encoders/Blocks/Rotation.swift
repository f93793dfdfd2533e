import Foundation
import LinearAlgebra

/// Rotary positions: the pairs (k, k + d/2) of a head are turned by position · θ^(−2k/d), so that the product of a query
/// and a key depends on their distance alone.
///
/// The angles are those of `transformers`: products in single precision. Their cosines and sines are made when a longer
/// example is met first.
package final class Rotation<Scalar: KernelScalar> {
  /// d/2
  private let half: Int
  /// θ^(−2k/d), [d/2].
  private let frequencies: [Float]
  private var cosines = Buffer<Scalar>(count: 0)
  private var sines = Buffer<Scalar>(count: 0)
  /// The positions that have angles.
  private var count = 0

  init(headSize: Int, theta: Double) {
    half = headSize / 2
    frequencies = (0..<headSize / 2).map { 1 / pow(Float(theta), Float(2 * $0) / Float(headSize)) }
  }

  /// In place: turns the rows of one example, from its first token on.
  ///
  /// - Parameters:
  ///   - x: [t, heads · d].
  ///   - isBackward: turns them back, as a gradient has to be.
  func apply(to x: Matrix<Scalar>, isBackward: Bool = false) {
    reserve(x.rows)
    rotate(
      x, groups: x.columns / (2 * half), cosines: table(cosines, x.rows), sines: table(sines, x.rows),
      isBackward: isBackward)
  }

  private func table(_ buffer: Buffer<Scalar>, _ rows: Int) -> Matrix<Scalar> {
    buffer.vector[0..<rows * half].matrix(rows: rows, columns: half)
  }

  private func reserve(_ positions: Int) {
    guard positions > count else { return }
    // In steps, since most examples are a little longer or shorter than those before.
    count = (positions + 255) / 256 * 256
    cosines = Buffer(count: count * half)
    sines = Buffer(count: count * half)
    for position in 0..<count {
      for (index, frequency) in frequencies.enumerated() {
        let angle = Double(Float(position) * frequency)
        cosines.vector[position * half + index] = Scalar(cos(angle))
        sines.vector[position * half + index] = Scalar(sin(angle))
      }
    }
  }
}
