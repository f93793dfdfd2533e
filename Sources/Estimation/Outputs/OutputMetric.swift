import Encoders
import LinearAlgebra
import Parameters

/// What a model's head sees of the outputs of each linear layer: with g = ∂(sᵀz)/∂y at every output row y and for every
/// column s of an expectation, a sketch of B = Σ g gᵀ, and its trace.
///
/// B of so many outputs would have as many rows and columns; its range is known from Y = B Ω = Σ g (gᵀΩ) with a few
/// columns (``OutputSketch``), from which Nyström's method makes B ≈ Y (ΩᵀY)⁻¹ Yᵀ (Tropp et al. 2017, arXiv
/// 1706.05736). Layers that share parameters, and the rows of all their uses, have one.
package final class OutputMetric<Scalar: KernelScalar>: Statistic {
  package let interests: ObserverInterests = .parameters
  /// For every site Y [d, ℓ], then Σ ‖g‖² [1], then its second moment [1].
  package let sums: FixedPointSums
  private let sites: [OutputSite]
  private let slots: [OutputSite.Place: Int]
  /// Ω by the number of outputs, [d, ℓ] each.
  private let projections: [Int: Buffer<Scalar>]
  private let scratch = Arena()
  private var openTraces = OpenTraces<Int>()

  package init(sites: [OutputSite]) {
    self.sites = sites
    sums = FixedPointSums(tensors: Self.tensors(sites))
    slots = sites.slots(each: 3)
    projections = Set(sites.map(\.outputs)).reduce(into: [:]) { projections, outputs in
      let exact = OutputSketch.projection(outputs: outputs)
      let rounded = Buffer<Scalar>(count: exact.count)
      for index in 0..<exact.count { rounded.vector[index] = Scalar(exact.vector[index]) }
      projections[outputs] = rounded
    }
  }

  package func observeLinear(_ component: Component, _ o: Observation<Scalar>) {
    add(o.gradient, o.segments, at: .init(component: component, layer: o.layer, firstOutput: o.firstOutput))
  }

  package func observeEmbeddings(_ tables: [TableRows], gradient: Matrix<Scalar>, _ segments: Segments) {
    guard tables.contains(where: { $0.component == .wordEmbeddings }) else { return }
    add(gradient, segments, at: .init(component: nil, layer: nil, firstOutput: 0))
  }

  package func finishBlock() {}

  /// - Parameter g: [S · R, d].
  private func add(_ g: Matrix<Scalar>, _ segments: Segments, at place: OutputSite.Place) {
    guard let slot = slots[place], let omega = projections[g.columns] else { return }
    scratch.reset()
    let columns = OutputSketch.columns(outputs: g.columns)
    let projected = scratch.matrix(g.rows, columns, of: Scalar.self)
    multiplyRows(g, omega.vector.matrix(rows: g.columns, columns: columns), into: projected, scratch: scratch)
    let rows = OutputRows(g, segments)
    sums.addProducts(
      Panels(g, in: scratch), Panels(projected, in: scratch), of: rows.offsets, to: slot, scratch: scratch)
    guard let all = openTraces.add(rows.traces, at: slot, uses: sites[slot / 3].uses) else { return }
    sums.add(all, trace: slot + 1, moment: slot + 2, scratch: scratch)
  }
}
