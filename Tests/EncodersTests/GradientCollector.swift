import Encoders
import LinearAlgebra
import Parameters

/// Collects Σ over examples of the parameter gradients of ℓ = ⟨c, logits⟩ from what the encoder shows its observers.
final class GradientCollector: EncoderObserver {
  let interests: ObserverInterests = [.masks, .parameters]
  var gradients: [String: [Double]] = [:]
  var headMask: [Int: [Double]] = [:]
  var neuronMask: [Int: [Double]] = [:]
  let heads: Int

  init(heads: Int) { self.heads = heads }

  func observeHeadMask(_ o: Observation<Double>) {
    let out = Buffer<Double>(count: heads)
    groupDots(o.input, o.gradient, into: out.vector)
    headMask[o.layer!] = out.vector.array
  }
  func observeNeuronMask(_ o: Observation<Double>) {
    let out = Buffer<Double>(count: o.input.columns)
    columnDots(o.input, o.gradient, into: out.vector)
    neuronMask[o.layer!] = out.vector.array
  }
  func observeLinear(_ component: Component, _ o: Observation<Double>) {
    let weight = Buffer<Double>(count: o.gradient.columns * o.input.columns)
    multiply(
      o.gradient, o.input, into: weight.vector.matrix(rows: o.gradient.columns, columns: o.input.columns),
      transposeA: true)
    let bias = Buffer<Double>(count: o.gradient.columns)
    columnSums(o.gradient, into: bias.vector)
    add(component, o, weight.vector.array, bias.vector.array)
  }
  func observeNorm(_ component: Component, _ o: Observation<Double>) {
    let weight = Buffer<Double>(count: o.gradient.columns)
    columnDots(o.input, o.gradient, into: weight.vector)
    let bias = Buffer<Double>(count: o.gradient.columns)
    columnSums(o.gradient, into: bias.vector)
    add(component, o, weight.vector.array, bias.vector.array)
  }
  func observeEmbeddings(_ tables: [TableRows], gradient: Matrix<Double>, _ segments: Segments) {
    for table in tables {
      var sums: [Int32: [Double]] = [:]
      for (token, row) in table.rows.enumerated() {
        let sum = sums[row] ?? [Double](repeating: 0, count: gradient.columns)
        sums[row] = zip(sum, gradient.row(token).array).map(+)
      }
      for (row, values) in sums { gradients["\(table.component).\(row)"] = values }
    }
  }
  /// Parts of a parameter have places of their own, and uses of it add up.
  private func add(_ component: Component, _ o: Observation<Double>, _ weight: [Double], _ bias: [Double]) {
    for (kind, values, start) in [
      ("weight", weight, o.firstOutput * weight.count / max(1, bias.count)), ("bias", bias, o.firstOutput),
    ] {
      var sums = gradients["\(component).\(o.layer ?? -1).\(kind)"] ?? []
      sums += Array(repeating: 0, count: max(0, start + values.count - sums.count))
      for (index, value) in values.enumerated() { sums[start + index] += value }
      gradients["\(component).\(o.layer ?? -1).\(kind)"] = sums
    }
  }

  func gradient(of parameter: Parameter, entry: Int) -> Double {
    switch parameter.component {
    case .wordEmbeddings, .positionEmbeddings, .tokenTypeEmbeddings, .relativeBias, .relativeEmbeddings:
      let width = parameter.shape[1]
      return gradients["\(parameter.component).\(entry / width)"]?[entry % width] ?? 0
    default:
      return gradients["\(parameter.component).\(parameter.layer ?? -1).\(parameter.kind)"]![entry]
    }
  }
}
