import Parameters
import Encoders
import LinearAlgebra

/// The Gram matrices G = Σ x xᵀ of the inputs of the linear layers, summed over all tokens, with the sums Σ x.
///
/// Forward only. Query, key and value share their input and so their matrix: four a layer, and that of the pooler (of
/// one row for each example), and on request that of the head. Layers that share parameters share their matrices. Source: Jin et al. 2022 (arXiv 2212.09849), section 3.
package final class GramMatrices<Scalar: KernelScalar>: Statistic {
  package let interests: ObserverInterests = .inputs
  /// For every site the packed triangle [n (n + 1) / 2], then the sums [n], then the trace [1] and its second moment
  /// [1].
  package let sums: FixedPointSums
  package let sites: [GramSite]
  private let slots: [Place: Int]
  private let scratch = Arena()
  /// Of sites that several layers use: the examples' traces so far, and how many of the layers have been seen.
  private var openTraces: [Place: (traces: Traces, uses: Int)] = [:]

  /// What the encoder calls a site.
  private struct Place: Hashable {
    let input: LinearInput
    let layer: Int?
  }

  package convenience init(configuration: EncoderConfiguration, includingClassifier: Bool = false) {
    self.init(sites: ModelLayout(of: configuration).gramSites(includingHead: includingClassifier))
  }

  /// The Gram matrices of some places only.
  package init(sites: [GramSite]) {
    self.sites = sites
    sums = FixedPointSums(tensors: Self.tensors(sites))
    slots = Dictionary(
      uniqueKeysWithValues: sites.enumerated().map { (Place(input: $1.place, layer: $1.layer), 4 * $0) })
  }

  package func finishBlock() {}

  package func observeInput(_ place: LinearInput, layer: Int?, _ x: Matrix<Scalar>, _ segments: Segments) {
    let place = Place(input: place, layer: layer)
    guard let slot = slots[place] else { return }
    scratch.reset()
    addColumnSums(x, segments, to: slot + 1)
    var traces = Traces(segments.count)
    if segments.rows == segments.count {
      let wide = scratch.matrix(x.rows, x.columns, of: Double.self)
      wide.elements.clear()
      for row in 0..<x.rows {
        add(x.row(row), toWide: wide.row(row))
        traces[row] = wide.row(row).buffer.reduce(0) { $0 + $1 * $1 }
      }
      addTriangle(of: x.columns, to: slot) { rows, panels, tile in
        let columns =
          panels.lowerBound * Panels<Scalar>.width..<min(x.columns, panels.upperBound * Panels<Scalar>.width)
        multiply(
          wide.columns(rows), wide.columns(columns), into: tile.rows(0..<rows.count).columns(0..<columns.count),
          transposeA: true)
      }
    } else {
      for example in 0..<segments.count {
        for row in segments[example] { traces[example] += sumOfSquares(of: x.row(row)) }
      }
      let packed = Panels(x, in: scratch)
      let unused = scratch.vector(0, of: Double.self)
      addTriangle(of: x.columns, to: slot) { rows, panels, tile in
        sumOuterProducts(
          packed, rows: rows, packed, panels: panels, of: segments.offsets, squared: false, isSymmetric: true,
          into: tile, traces: unused)
      }
    }
    addTraces(traces, of: slot, at: place)
  }

  /// An example's trace is that of its rows in all layers that share the site.
  private func addTraces(_ traces: Traces, of slot: Int, at place: Place) {
    let uses = sites[slot / 4].uses
    guard uses > 1 else { return sums.add(traces, trace: slot + 2, moment: slot + 3, scratch: scratch) }
    var open = openTraces[place] ?? (Traces(traces.count), 0)
    open.traces.add(traces)
    open.uses += 1
    if open.uses == uses {
      sums.add(open.traces, trace: slot + 2, moment: slot + 3, scratch: scratch)
      openTraces[place] = nil
    } else {
      openTraces[place] = open
    }
  }

  /// Σ x of the block, each example's in single precision, all examples' in double.
  private func addColumnSums(_ x: Matrix<Scalar>, _ segments: Segments, to slot: Int) {
    let own = scratch.vector(x.columns, of: Scalar.self)
    let total = scratch.vector(x.columns, of: Double.self)
    total.clear()
    for example in 0..<segments.count {
      columnSums(x.rows(segments[example]), into: own)
      add(own, toWide: total)
    }
    sums.close(slot, terms: 1, magnitude: sums.add(total, to: slot))
  }

  /// The upper triangle of the block's n × n matrix, tile by tile, so that a tile stays in the cache while all examples
  /// pass over it.
  ///
  /// Each example's product is added in double: one product over all tokens of the block would depend on which examples
  /// share it.
  ///
  /// - Parameter fill: computes the block's sum of some rows and some panels of columns, in a tile of
  ///   ``ProductTile/rows`` rows.
  private func addTriangle(
    of n: Int, to slot: Int, fill: (_ rows: Range<Int>, _ panels: Range<Int>, _ tile: Matrix<Double>) -> Void
  ) {
    let width = Panels<Scalar>.width
    let memory = scratch.vector(ProductTile.count, of: Double.self)
    let layout = PackedTriangle(order: n)
    var magnitude = 0.0
    for left in stride(from: 0, to: n, by: ProductTile.columns) {
      let right = min(n, left + ProductTile.columns)
      for top in stride(from: 0, to: right, by: ProductTile.rows) {
        let rows = top..<min(n, top + ProductTile.rows)
        let panels = Panels<Scalar>.containing(max(left, top)..<right)
        let tile = ProductTile.matrix(columns: panels.count * width, in: memory)
        fill(rows, panels, tile)
        for row in rows.lowerBound..<min(right, rows.upperBound) {
          let first = max(row, left)
          let base = panels.lowerBound * width
          let entries = tile.row(row - top)[first - base..<right - base]
          magnitude = max(magnitude, sums.add(entries, to: slot, at: layout.index(row, first)))
        }
      }
    }
    sums.close(slot, terms: 1, magnitude: magnitude)
  }
}
