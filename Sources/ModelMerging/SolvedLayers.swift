import LinearAlgebra
import Merging

/// Merged linear layers, and how each system was solved.
package struct SolvedLayers {
  /// By the parameter's name.
  package var values: [String: Buffer<Float>] = [:]
  package var reports: [SolveReport] = []
  /// How the rows of the word embeddings are averaged; nil for the plain average.
  package var tokenRows: SiteWeights?

  package init() {}
}
