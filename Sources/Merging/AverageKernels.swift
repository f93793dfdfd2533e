import LinearAlgebra

// The loops over entries. They run over spans whose lengths are compared once, before the loop, so that the compiler
// drops the checks inside; element access through a generic view of another module costs a call. No product and sum is
// fused and no sum reordered, so debug and release builds give the same bits.

/// How many sums are kept at a time: 32 KiB of Double, which stays in the first-level cache.
let tileLength = 4096

/// sum[i] = w x[i] for the first model, sum[i] += w x[i] for the others.
///
/// The first one assigns, because 0 + (−0) would lose the sign of a zero that all models share.
func addProducts(_ weight: Double, _ x: Vector<Float>, to sum: inout [Double], first: Bool) {
  let buffer = x.buffer
  let x = buffer.span
  var sum = sum.mutableSpan
  let count = x.count
  precondition(sum.count >= count)
  var i = 0
  if first {
    while i < count {
      sum[i] = weight * Double(x[i])
      i += 1
    }
  } else {
    while i < count {
      sum[i] += weight * Double(x[i])
      i += 1
    }
  }
}

/// sum[i] = w[i] x[i] for the first model, sum[i] += w[i] x[i] for the others.
func addProducts(_ weights: [Double], _ x: Vector<Float>, to sum: inout [Double], first: Bool) {
  let buffer = x.buffer
  let x = buffer.span
  let weights = weights.span
  var sum = sum.mutableSpan
  let count = x.count
  precondition(sum.count == count && weights.count == count)
  var i = 0
  if first {
    while i < count {
      sum[i] = weights[i] * Double(x[i])
      i += 1
    }
  } else {
    while i < count {
      sum[i] += weights[i] * Double(x[i])
      i += 1
    }
  }
}

/// y[i] = sum[i] / divisor, rounded to Float.
func storeQuotients(_ sum: [Double], by divisor: Double, in y: Vector<Float>) {
  let buffer = y.buffer
  var y = buffer.mutableSpan
  let sum = sum.span
  let count = y.count
  precondition(sum.count >= count)
  var i = 0
  while i < count {
    y[i] = Float(sum[i] / divisor)
    i += 1
  }
}

/// y[i] = sum[i] / divisors[i], rounded to Float.
func storeQuotients(_ sum: [Double], by divisors: [Double], in y: Vector<Float>) {
  let buffer = y.buffer
  var y = buffer.mutableSpan
  let sum = sum.span
  let divisors = divisors.span
  let count = y.count
  precondition(sum.count == count && divisors.count == count)
  var i = 0
  while i < count {
    y[i] = Float(sum[i] / divisors[i])
    i += 1
  }
}

/// The index of the first infinity or NaN, nil where all elements are finite.
func firstNonFinite(_ x: Vector<Float>) -> Int? {
  let buffer = x.buffer
  let x = buffer.span
  var i = 0
  while i < x.count {
    if !x[i].isFinite { return i }
    i += 1
  }
  return nil
}
