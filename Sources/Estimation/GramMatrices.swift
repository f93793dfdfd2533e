import Encoders
import LinearAlgebra

/// The Gram matrices G = Σ x xᵀ of the inputs of the linear layers, summed over all tokens, with the sums Σ x.
///
/// Forward only. Query, key and value share their input and so their matrix: four a layer, and that of the pooler (of [CLS] tokens
/// only), and on request that of the classifier. Source: Jin et al. 2022 (arXiv 2212.09849), section 3.
package final class GramMatrices<Scalar: KernelScalar>: Statistic {
  package let interests: ObserverInterests = .inputs
  /// For every site the packed triangle [n (n + 1) / 2], then the sums [n], then the trace [1] and its second moment [1].
  package let sums: FixedPointSums
  package let sites: [GramSite]
  private let slots: [GramSite: Int]
  private let scratch = Arena()

  package convenience init(configuration: EncoderConfiguration, includingClassifier: Bool = false) {
    self.init(
      configuration: configuration, sites: GramSite.all(of: configuration, includingClassifier: includingClassifier))
  }

  /// The Gram matrices of some places only.
  package init(configuration: EncoderConfiguration, sites: [GramSite]) {
    self.sites = sites
    sums = FixedPointSums(tensors: Self.tensors(sites, configuration))
    slots = Dictionary(uniqueKeysWithValues: sites.enumerated().map { ($1, 4 * $0) })
  }

  /// The tensors of the sums, in their order.
  package static func tensors(_ sites: [GramSite], _ configuration: EncoderConfiguration) -> [(
    name: String, shape: [Int]
  )] {
    sites.flatMap { site in
      let n = site.place.width(in: configuration)
      return [
        (site.name, [PackedTriangle(order: n).count]), (site.sumName, [n]), (site.name + SecondMoment.traceSuffix, [1]),
        (site.name + SecondMoment.suffix, [1]),
      ]
    }
  }

  package func finishBlock() {}

  package func observeInput(_ place: LinearInput, layer: Int?, _ x: Matrix<Scalar>, _ segments: Segments) {
    guard let slot = slots[GramSite(place, layer: layer)] else { return }
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
      addTriangle(of: x.columns, to: slot) { rows, columns, _, tile in
        multiply(wide.columns(rows), wide.columns(columns), into: tile, transposeA: true)
      }
    } else {
      addTriangle(of: x.columns, to: slot) { rows, columns, product, tile in
        tile.elements.clear()
        for example in 0..<segments.count {
          let own = x.rows(segments[example])
          multiply(own.columns(rows), own.columns(columns), into: product, transposeA: true)
          add(product.elements, toWide: tile.elements)
          if rows.lowerBound == columns.lowerBound {
            for i in 0..<rows.count { traces[example] += Double(product[i, i]) }
          }
        }
      }
    }
    sums.add(traces, trace: slot + 2, moment: slot + 3, scratch: scratch)
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

  /// The upper triangle of the block's n × n matrix, tile by tile, so that a tile stays in the cache while all examples pass over it.
  ///
  /// Each example's product is added in double: one product over all tokens of the block would depend on which examples share it.
  ///
  /// - Parameter fill: computes the block's sum of the rows and columns of one tile, [rows, columns], with room for one
  ///   example's product.
  private func addTriangle(
    of n: Int, to slot: Int,
    fill: (_ rows: Range<Int>, _ columns: Range<Int>, _ product: Matrix<Scalar>, _ tile: Matrix<Double>) -> Void
  ) {
    let product = scratch.vector(Self.tileRows * Self.tileColumns, of: Scalar.self)
    let tile = scratch.vector(Self.tileRows * Self.tileColumns, of: Double.self)
    let layout = PackedTriangle(order: n)
    var magnitude = 0.0
    for top in stride(from: 0, to: n, by: Self.tileRows) {
      let rows = top..<min(n, top + Self.tileRows)
      for left in stride(from: top, to: n, by: Self.tileColumns) {
        let columns = left..<min(n, left + Self.tileColumns)
        let count = rows.count * columns.count
        let block = tile[0..<count].matrix(rows: rows.count, columns: columns.count)
        fill(rows, columns, product[0..<count].matrix(rows: rows.count, columns: columns.count), block)
        for row in rows {
          let first = max(row, left)
          guard first < columns.upperBound else { continue }
          let entries = block.row(row - top)[first - left..<columns.count]
          magnitude = max(magnitude, sums.add(entries, to: slot, at: layout.index(row, first)))
        }
      }
    }
    sums.close(slot, terms: 1, magnitude: magnitude)
  }

  /// 64 × 768 floats and as many doubles stay in a second-level cache of 1 MiB, with the operands beside them.
  static var tileRows: Int { 64 }
  private static var tileColumns: Int { 768 }
}

/// A Gram matrix's place in the encoder and its name in files.
package struct GramSite: Hashable, Sendable {
  package let place: LinearInput
  /// Nil for the pooler and the classifier.
  package let layer: Int?

  package init(_ place: LinearInput, layer: Int?) {
    self.place = place
    self.layer = layer
  }

  /// The name of the packed triangle.
  package var name: String { Self.prefix + (layer.map { "\($0).\(place.rawValue)" } ?? place.rawValue) }
  /// What the names of all Gram matrices begin with.
  package static let prefix = "gram."
  /// The name of Σ x.
  package var sumName: String { name + ".sum" }

  /// All sites, in the order in which the data flow past them.
  package static func all(of configuration: EncoderConfiguration, includingClassifier: Bool) -> [GramSite] {
    let inLayers = (0..<configuration.layers).flatMap { layer in
      LinearInput.allCases.filter(\.isPerLayer).map { GramSite($0, layer: layer) }
    }
    return inLayers + [GramSite(.pooler, layer: nil)]
      + (includingClassifier ? [GramSite(.classifier, layer: nil)] : [])
  }
}
