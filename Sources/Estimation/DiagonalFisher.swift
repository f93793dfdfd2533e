import Parameters
import Encoders
import LinearAlgebra

/// The diagonal of the Fisher information of every parameter, summed over examples.
///
/// Each example's gradient of each parameter is formed, squared and forgotten: for Y = X Wᵀ + b, F_W += (Gᵀ X)² and
/// F_b += (Σ_t G)². Where layers share a parameter, its gradient is the sum over them (``SharedGradients``).
///
/// Source: Matena & Raffel 2021, "Merging Models with Fisher-Weighted Averaging", section 3.
package final class DiagonalFisher<Scalar: KernelScalar>: Statistic {
  package let interests: ObserverInterests = .parameters
  /// One slot per parameter, under the parameter's name; then two numbers per parameter: the trace of its Fisher, and Σ
  /// over examples of the squared trace of the example's Fisher.
  package let sums: FixedPointSums
  /// In the order of their slots.
  private let parameters: [Parameter]
  private let slots: [Site: Int]
  let scratch = Arena()
  /// By the slot of a linear layer's weight: its input, where other layers share it as query, key and value do.
  private let sharedInputs: [Int: Input]
  /// The shared input that was seen last, in panels.
  private var seenInput: (input: Input, segments: Segments, panels: Panels<Scalar>)?
  private let memoryOfInput = Arena()
  private let shared = SharedGradients<Scalar>()
  /// Of parameters that are shown in parts: the examples' traces so far, and how many of the outputs have been seen.
  private var openTraces: [Int: (traces: Traces, outputs: Int)] = [:]

  /// A parameter's place, without its name.
  struct Site: Hashable {
    let component: Component
    let layer: Int?
    let kind: Parameter.Kind
  }

  /// Where linear layers take their input.
  struct Input: Hashable {
    let place: LinearInput
    let layer: Int?
    let readsTable: Bool

    init?(_ weight: Parameter) {
      guard let place = weight.role.input else { return nil }
      self.place = place
      layer = weight.layer
      readsTable = weight.role.readsTable
    }
  }

  package init(parameters: [Parameter]) {
    self.parameters = parameters
    sums = FixedPointSums(tensors: Self.tensors(parameters))
    slots = Dictionary(
      uniqueKeysWithValues: parameters.enumerated().map { index, parameter in
        (Site(component: parameter.component, layer: parameter.layer, kind: parameter.kind), index)
      })
    var readers: [Input: [Int]] = [:]
    for (slot, weight) in parameters.enumerated() where weight.kind == .weight {
      if let input = Input(weight) { readers[input, default: []].append(slot) }
    }
    sharedInputs = Dictionary(
      uniqueKeysWithValues: readers.filter { _, slots in
        // A tensor of several parts is shown as often.
        slots.contains { slots.count > 1 || parameters[$0].isShownInParts }
      }.flatMap { input, slots in slots.map { ($0, input) } })
  }

  func slot(_ component: Component, _ layer: Int?, _ kind: Parameter.Kind) -> Int {
    guard let slot = slots[Site(component: component, layer: layer, kind: kind)] else {
      fatalError("\(component) \(kind) was observed but is no parameter of the model")
    }
    return slot
  }

  /// The first size of a parameter.
  func rowCount(of slot: Int) -> Int { parameters[slot].shape[0] }

  package func observeLinear(_ component: Component, _ o: Observation<Scalar>) {
    scratch.reset()
    let weight = slot(component, o.layer, .weight)
    // Where the loss does not depend on a bias, its computed gradient is rounding noise and is left out.
    if let bias = slots[Site(component: component, layer: o.layer, kind: .bias)], !parameters[bias].role.isGradientFree
    {
      addSquaredSums(o, to: bias) { columnSums($1, into: $2) }
      scratch.reset()
    }
    let parameter = parameters[weight]
    guard parameter.role.isShared else { return addSquaredGradient(o, to: weight) }
    // An example's rows in all layers are rows of one product.
    let all = shared.joined(
      o, of: weight, uses: parameter.role.uses.count, input: Input(parameter), in: scratch)
    if let all { addSquaredGradient(all, to: weight) }
  }

  private func addSquaredGradient(_ o: Observation<Scalar>, to weight: Int) {
    // Between two blocks, and two pieces of a block, layers with other inputs are seen.
    if seenInput?.input != sharedInputs[weight] { seenInput = nil }
    if o.segments.rows == o.segments.count {
      addSquaredSingleRows(o, to: weight)
    } else {
      addSquaredProducts(o, to: weight, input: panels(of: o, at: sharedInputs[weight]))
    }
  }

  /// The input in panels. Where several layers share it, the first fills it for the others; but in the last layer, whose
  /// query may have one row for each example, it is not the same rows.
  private func panels(of o: Observation<Scalar>, at input: Input?) -> Panels<Scalar> {
    guard let input else { return Panels(o.input, in: scratch) }
    if let seenInput, seenInput.segments == o.segments { return seenInput.panels }
    memoryOfInput.reset()
    let panels = Panels(o.input, in: memoryOfInput)
    seenInput = (input, o.segments, panels)
    return panels
  }

  package func observeNorm(_ component: Component, _ o: Observation<Scalar>) {
    scratch.reset()
    addSquaredSums(o, to: slot(component, o.layer, .weight)) { columnDots($0, $1, into: $2) }
    if let bias = slots[Site(component: component, layer: o.layer, kind: .bias)], !parameters[bias].role.isGradientFree
    {
      addSquaredSums(o, to: bias) { columnSums($1, into: $2) }
    }
  }

  /// For a vector parameter, or some entries of one: its gradient per example and column by `gradient(input rows,
  /// gradient rows, out)`, squared and summed over the block in double, then added as one term.
  private func addSquaredSums(
    _ o: Observation<Scalar>, to slot: Int, gradient: (Matrix<Scalar>, Matrix<Scalar>, Vector<Scalar>) -> Void
  ) {
    let uses = parameters[slot].role.uses.count
    let width = o.gradient.columns
    let out = scratch.vector(width, of: Scalar.self)
    let total = scratch.vector(width, of: Double.self)
    total.clear()
    var traces = Traces(o.segments.count)
    let sumOfUses =
      uses > 1
      ? shared.sum(of: slot, firstOutput: o.firstOutput, uses: uses, rows: o.columns * o.segments.count, width: width)
      : nil
    for example in 0..<o.segments.count {
      for column in 0..<o.columns {
        gradient(o.input.rows(o.segments[example]), o.gradient(column: column, example: example), out)
        if let sumOfUses {
          let sum = sumOfUses.gradients.row(column * o.segments.count + example)
          add(out, to: sum)
          if sumOfUses.isComplete { traces[example] += addSquares(of: sum, toWide: total) }
        } else {
          traces[example] += addSquares(of: out, toWide: total)
        }
      }
    }
    if let sumOfUses, !sumOfUses.isComplete { return }
    sums.close(slot, terms: 1, magnitude: sums.add(total, to: slot, at: o.firstOutput))
    addTraces(traces, of: slot, outputs: width)
  }

  /// Where each example has one row, (g xᵀ)² = g² (x²)ᵀ: one product of squares for the whole block, in double.
  private func addSquaredSingleRows(_ o: Observation<Scalar>, to slot: Int) {
    let (outputs, inputs) = (o.gradient.columns, o.input.columns)
    let x = scratch.matrix(o.input.rows, inputs, of: Double.self)
    squares(of: o.input, intoWide: x)
    let g = scratch.matrix(o.gradient.rows, outputs, of: Double.self)
    squares(of: o.gradient, intoWide: g)
    let tileRows = min(outputs, ProductTile.rows)
    let tile = scratch.matrix(tileRows, inputs, of: Double.self)
    var magnitude = 0.0
    for start in stride(from: 0, to: outputs, by: tileRows) {
      let rows = start..<min(outputs, start + tileRows)
      let product = tile.rows(0..<rows.count)
      for column in 0..<o.columns {
        let group = g.rows(column * x.rows..<(column + 1) * x.rows).columns(rows)
        multiply(group, x, into: product, transposeA: true, beta: column == 0 ? 0 : 1)
      }
      magnitude = max(magnitude, sums.add(product.elements, to: slot, at: (o.firstOutput + start) * inputs))
    }
    sums.close(slot, terms: 1, magnitude: magnitude)
    var traces = Traces(o.segments.count)
    for example in 0..<x.rows {
      let ofInput = sum(x.row(example))
      for column in 0..<o.columns { traces[example] += ofInput * sum(g.row(column * x.rows + example)) }
    }
    addTraces(traces, of: slot, outputs: outputs)
  }

  /// (Gᵀ X)² per example and column, in tiles that stay in the cache while all examples of the block pass over them.
  ///
  /// Each product is squared and summed in double at once: a sum in single precision would depend on which examples
  /// share a block.
  private func addSquaredProducts(_ o: Observation<Scalar>, to slot: Int, input x: Panels<Scalar>) {
    let (outputs, inputs) = (o.gradient.columns, o.input.columns)
    let g = Panels(o.gradient, in: scratch)
    let lanes = scratch.vector(o.segments.count * traceLanes, of: Double.self)
    lanes.clear()
    let memory = scratch.vector(ProductTile.count, of: Double.self)
    var magnitude = 0.0
    for left in stride(from: 0, to: inputs, by: ProductTile.columns) {
      let columns = left..<min(inputs, left + ProductTile.columns)
      let panels = Panels<Scalar>.containing(columns)
      for top in stride(from: 0, to: outputs, by: ProductTile.rows) {
        let rows = top..<min(outputs, top + ProductTile.rows)
        let tile = ProductTile.matrix(columns: panels.count * Panels<Scalar>.width, in: memory)
        sumOuterProducts(
          g, rows: rows, x, panels: panels, of: o.segments.offsets, squared: true, into: tile, traces: lanes)
        let own = tile.rows(0..<rows.count).columns(0..<columns.count)
        magnitude = max(magnitude, sums.add(own, to: slot) { (o.firstOutput + top + $0) * inputs + left })
      }
    }
    sums.close(slot, terms: 1, magnitude: magnitude)
    addTraces(Traces(lanes), of: slot, outputs: outputs)
  }

  /// Adds the examples' traces of one parameter's Fisher, or of that of some of its outputs, to its trace and second
  /// moment: when all outputs have been seen.
  func addTraces(_ traces: Traces, of slot: Int, outputs: Int) {
    var traces = traces
    let all = parameters[slot].shape[0]
    if outputs < all {
      var open = openTraces[slot] ?? (Traces(traces.count), 0)
      open.traces.add(traces)
      open.outputs += outputs
      openTraces[slot] = open.outputs < all ? open : nil
      if open.outputs < all { return }
      traces = open.traces
    }
    sums.add(traces, trace: slots.count + slot, moment: 2 * slots.count + slot, scratch: scratch)
  }

  package func finishBlock() {}
}

extension Parameter {
  /// Whether a linear layer's outputs are shown in several parts.
  fileprivate var isShownInParts: Bool {
    if case .parts = role.spread { true } else { false }
  }
}
