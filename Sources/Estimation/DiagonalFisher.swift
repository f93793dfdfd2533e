import Encoders
import LinearAlgebra

/// The diagonal of the Fisher information of every parameter, summed over examples.
///
/// Each example's gradient of each parameter is formed, squared and forgotten: F_W += (Gᵀ X)² and F_b += (Σ_t G)² for Y = X Wᵀ + b.
/// Source: Matena & Raffel 2021, "Merging Models with Fisher-Weighted Averaging", section 3.
package final class DiagonalFisher<Scalar: KernelScalar>: Statistic {
  package let interests: ObserverInterests = .parameters
  /// One slot per parameter, under the parameter's name; then one number per parameter, its second moment: Σ over examples of the
  /// squared trace of the example's Fisher.
  package let sums: FixedPointSums
  let slots: [Site: Int]
  let scratch = Arena()

  /// A parameter's place, without its name.
  struct Site: Hashable {
    let component: Component
    let layer: Int?
    let kind: Parameter.Kind
  }

  package init(parameters: [Parameter]) {
    sums = FixedPointSums(
      tensors: parameters.map { ($0.name, $0.shape) }
        + parameters.map { ($0.name + SecondMoment.suffix, [1]) })
    slots = Dictionary(
      uniqueKeysWithValues: parameters.enumerated().map { index, parameter in
        (Site(component: parameter.component, layer: parameter.layer, kind: parameter.kind), index)
      })
  }

  func slot(_ component: Component, _ layer: Int?, _ kind: Parameter.Kind) -> Int {
    guard let slot = slots[Site(component: component, layer: layer, kind: kind)] else {
      fatalError("\(component) \(kind) was observed but is no parameter of the model")
    }
    return slot
  }

  /// Where the second moment of a parameter's trace is.
  func momentSlot(of slot: Int) -> Int { slots.count + slot }

  package func observeLinear(_ component: Component, _ o: Observation<Scalar>) {
    scratch.reset()
    let weight = slot(component, o.layer, .weight)
    if o.segments.rows == o.segments.count {
      addSquaredSingleRows(o, to: weight)
    } else {
      addSquaredProducts(o, to: weight)
    }
    // The softmax does not see a shift of all scores of a query, so the key's bias has a Fisher of exactly 0; its computed
    // gradient is rounding noise and is left out.
    if component != .key { addSquaredSums(o, to: slot(component, o.layer, .bias)) { columnSums($1, into: $2) } }
  }

  package func observeNorm(_ component: Component, _ o: Observation<Scalar>) {
    scratch.reset()
    addSquaredSums(o, to: slot(component, o.layer, .weight)) { columnDots($0, $1, into: $2) }
    addSquaredSums(o, to: slot(component, o.layer, .bias)) { columnSums($1, into: $2) }
  }

  /// For a vector parameter: its gradient per example and column by `gradient(input rows, gradient rows, out)`, squared and summed
  /// over the block in double, then added as one term.
  private func addSquaredSums(
    _ o: Observation<Scalar>, to slot: Int, gradient: (Matrix<Scalar>, Matrix<Scalar>, Vector<Scalar>) -> Void
  ) {
    let out = scratch.vector(o.gradient.columns, of: Scalar.self)
    let total = scratch.vector(o.gradient.columns, of: Double.self)
    total.clear()
    var traces = Traces(o.segments.count)
    for example in 0..<o.segments.count {
      for column in 0..<o.columns {
        gradient(o.input.rows(o.segments[example]), o.gradient(column: column, example: example), out)
        traces[example] += addSquares(of: out, toWide: total)
      }
    }
    sums.close(slot, terms: 1, magnitude: sums.add(total, to: slot))
    addMoment(traces, of: slot)
  }

  /// Where each example has one row, (g xᵀ)² = g² (x²)ᵀ: one product of squares for the whole block, in double.
  private func addSquaredSingleRows(_ o: Observation<Scalar>, to slot: Int) {
    let (outputs, inputs) = (o.gradient.columns, o.input.columns)
    let x = scratch.matrix(o.input.rows, inputs, of: Double.self)
    squares(of: o.input, intoWide: x)
    let g = scratch.matrix(o.gradient.rows, outputs, of: Double.self)
    squares(of: o.gradient, intoWide: g)
    let tileRows = min(outputs, Self.tileRows)
    let tile = scratch.matrix(tileRows, inputs, of: Double.self)
    var magnitude = 0.0
    for start in stride(from: 0, to: outputs, by: tileRows) {
      let rows = start..<min(outputs, start + tileRows)
      let product = tile.rows(0..<rows.count)
      for column in 0..<o.columns {
        let group = g.rows(column * x.rows..<(column + 1) * x.rows).columns(rows)
        multiply(group, x, into: product, transposeA: true, beta: column == 0 ? 0 : 1)
      }
      magnitude = max(magnitude, sums.add(product.elements, to: slot, at: start * inputs))
    }
    sums.close(slot, terms: 1, magnitude: magnitude)
    var traces = Traces(o.segments.count)
    for example in 0..<x.rows {
      let ofInput = sum(x.row(example))
      for column in 0..<o.columns { traces[example] += ofInput * sum(g.row(column * x.rows + example)) }
    }
    addMoment(traces, of: slot)
  }

  /// Gᵀ X per example and column, in tiles of output rows that stay in the cache while all examples of the block pass over them.
  ///
  /// Each product is squared and summed in double at once: a sum in single precision would depend on which examples share a block.
  private func addSquaredProducts(_ o: Observation<Scalar>, to slot: Int) {
    let (outputs, inputs) = (o.gradient.columns, o.input.columns)
    let tileRows = min(outputs, Self.tileRows)
    let productTile = scratch.matrix(tileRows, inputs, of: Scalar.self)
    let sumTile = scratch.matrix(tileRows, inputs, of: Double.self)
    var magnitude = 0.0
    var traces = Traces(o.segments.count)
    for start in stride(from: 0, to: outputs, by: tileRows) {
      let rows = start..<min(outputs, start + tileRows)
      let product = productTile.rows(0..<rows.count)
      let sum = sumTile.rows(0..<rows.count)
      sum.elements.clear()
      for example in 0..<o.segments.count {
        let x = o.input.rows(o.segments[example])
        for column in 0..<o.columns {
          multiply(o.gradient(column: column, example: example).columns(rows), x, into: product, transposeA: true)
          traces[example] += addSquares(of: product.elements, toWide: sum.elements)
        }
      }
      magnitude = max(magnitude, sums.add(sum.elements, to: slot, at: start * inputs))
    }
    sums.close(slot, terms: 1, magnitude: magnitude)
    addMoment(traces, of: slot)
  }

  /// Adds the squares of the examples' traces of one parameter's Fisher to its second moment.
  func addMoment(_ traces: Traces, of slot: Int) {
    let moment = scratch.vector(1, of: Double.self)
    moment[0] = traces.sumOfSquares
    let target = momentSlot(of: slot)
    sums.close(target, terms: 1, magnitude: sums.add(moment, to: target))
  }

  /// 64 rows of 768 floats and as many doubles stay in a second-level cache of 1 MiB, with the operands beside them.
  static var tileRows: Int { 64 }

  package func finishBlock() {}
}
