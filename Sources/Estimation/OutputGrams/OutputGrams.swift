import Encoders
import LinearAlgebra
import Parameters

/// The Gram matrices B = Σ g gᵀ of the gradients at the outputs of the merged linear layers that read examples:
/// g = ∂(sᵀz)/∂y at every output row y and for every column s of an expectation.
///
/// With the Gram matrix A of a layer's inputs, B ⊗ A is Kronecker's approximation of the layer's Fisher information
/// (Martens & Grosse 2015, arXiv 1503.05671); merging by it is Tam et al. 2023 (arXiv 2312.04339). Layers that share
/// parameters have one matrix, summed over all their uses.
package final class OutputGrams<Scalar: KernelScalar>: Statistic {
  package let interests: ObserverInterests = .parameters
  /// For every site the packed triangle of B [d (d + 1) / 2], then its trace [1] and the trace's second moment [1].
  package let sums: FixedPointSums
  private let sites: [OutputSite]
  private let slots: [OutputSite.Place: Int]
  private let scratch = Arena()
  private var openTraces = OpenTraces<Int>()

  package init(sites: [OutputSite]) {
    self.sites = sites
    sums = FixedPointSums(tensors: Self.tensors(sites))
    slots = sites.slots(each: 3)
  }

  package func observeLinear(_ component: Component, _ o: Observation<Scalar>) {
    guard let slot = slots[.init(component: component, layer: o.layer, firstOutput: o.firstOutput)] else { return }
    scratch.reset()
    let rows = OutputRows(o.gradient, o.segments)
    sums.addGram(Panels(o.gradient, in: scratch), of: rows.offsets, to: slot, scratch: scratch)
    guard let all = openTraces.add(rows.traces, at: slot, uses: sites[slot / 3].uses) else { return }
    sums.add(all, trace: slot + 1, moment: slot + 2, scratch: scratch)
  }

  package func finishBlock() {}
}
