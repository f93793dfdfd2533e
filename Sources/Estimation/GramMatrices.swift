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
  /// Of sites that several layers use.
  private var openTraces = OpenTraces<Place>()

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
      sums.addTriangle(of: x.columns, panelWidth: Panels<Scalar>.width, to: slot, scratch: scratch) {
        rows, panels, tile in
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
      sums.addGram(Panels(x, in: scratch), of: segments.offsets, to: slot, scratch: scratch)
    }
    addTraces(traces, of: slot, at: place)
  }

  /// An example's trace is that of its rows in all layers that share the site.
  private func addTraces(_ traces: Traces, of slot: Int, at place: Place) {
    guard let all = openTraces.add(traces, at: place, uses: sites[slot / 4].uses) else { return }
    sums.add(all, trace: slot + 2, moment: slot + 3, scratch: scratch)
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
}
