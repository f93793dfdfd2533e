/// The bounds below which a weight is not used as one.
package enum NegligibleWeight {
  /// A Fisher value below this fraction of the largest of its kind counts as zero.
  ///
  /// Gradients in Float are exact to about 1e-7 of the terms they are summed from, so a parameter whose true Fisher is
  /// zero shows about 1e-14 of its neighbours'. Without the bound that noise would choose a model wherever all are at
  /// zero.
  package static let relativeBound = 1e-12

  /// A sum of weights below this counts as zero. Above it no product of a weight and a Float can underflow noticeably.
  package static let smallestSum = 1e-200
}
