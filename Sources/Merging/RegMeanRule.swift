/// How Gram matrices become merged linear layers (RegMean; Jin et al., arXiv 2212.09849).
///
/// The merged weights of a linear layer are those whose outputs come nearest, in the sum of squares, to what each
/// model's own weights give on that model's inputs. With G_j = Σ_t x_t x_tᵀ over model j's inputs and
/// G̃ = α G + (1 − α) diag(G),
///
///     W*ᵀ = (Σ_j λ_j c_j G̃_j)⁻¹ Σ_j λ_j c_j G̃_j W_jᵀ
///
/// which ``RegMeanSystem`` solves. Biases and LayerNorm have no such problem and are averaged plainly; the rows of word
/// embeddings by ``TokenRowWeights``.
package struct RegMeanRule: Hashable, Sendable, Codable {
  /// What a model's Gram matrix is multiplied by before λ: c_j.
  package enum Weighting: String, Hashable, Sendable, Codable, CaseIterable {
    /// c_j = 1 / rows_j: the mean over the model's inputs, so that a data set's size is without effect. The published
    /// code does this.
    case perRow = "per_row"
    /// c_j = 1: every input of every model counts the same.
    case sum
  }

  /// What happens to the biases of linear layers.
  package enum Bias: String, Hashable, Sendable, Codable, CaseIterable {
    /// The λ-weighted average.
    case mean
    /// The bias is the weight of one more input that is always 1, and is solved for with the others: the Gram matrix
    /// gets the column sums Σ_t x_t and the number of rows as its last column. α scales these sums as it scales all
    /// that is off the diagonal, so that α = 0 makes the bias a weighted mean like every column of W.
    case joint
  }

  /// What happens to the pooler, whose inputs are the [CLS] rows alone.
  package enum Pooler: String, Hashable, Sendable, Codable, CaseIterable {
    /// Merged like all linear layers.
    case regmean
    /// The λ-weighted average. One row per example leaves its Gram matrix badly conditioned.
    case mean
  }

  /// What happens to the rows of the word embeddings: a linear layer whose inputs are one-hot, so that its Gram matrix is
  /// diagonal and holds how often each token occurs.
  package enum Embeddings: String, Hashable, Sendable, Codable, CaseIterable {
    /// Each row is averaged by the share that its token has of a model's tokens.
    case counts
    /// The λ-weighted average.
    case mean
  }

  /// α, from 0 (diagonal Gram matrices) to 1 (as they are).
  package var offDiagonal: Double
  package var weighting: Weighting
  /// What is added to the diagonal where the factorisation fails, relative to the mean diagonal; it grows tenfold up to
  /// ``ridgeSteps`` times. Zero for none. See ``RegMeanSystem/solve(into:)``.
  package var ridge: Double
  package var bias: Bias
  package var pooler: Pooler
  package var embeddings: Embeddings
  /// How much the rows of a table of relative positions count in all against the tokens, where both go through one
  /// layer. Zero leaves them out.
  package var tableRows: Double

  package init(
    offDiagonal: Double = 0.9, weighting: Weighting = .perRow, ridge: Double = 1e-6, bias: Bias = .mean,
    pooler: Pooler = .regmean, embeddings: Embeddings = .counts, tableRows: Double = 0.5
  ) {
    self.offDiagonal = offDiagonal
    self.weighting = weighting
    self.ridge = ridge
    self.bias = bias
    self.pooler = pooler
    self.embeddings = embeddings
    self.tableRows = tableRows
  }

  /// The default, with the value of α that the paper recommends for most models.
  package static let standard = RegMeanRule()

  /// How often the ridge may grow tenfold. What needs more than 10⁴ times the ridge is no Gram matrix.
  package static let ridgeSteps = 4

  /// Refuses settings that no merge can use; for the plan, before any work.
  package func validate() throws(MergingError) {
    guard offDiagonal >= 0, offDiagonal <= 1 else { throw .invalidOffDiagonal(offDiagonal) }
    guard ridge >= 0, ridge.isFinite else { throw .invalidRidge(ridge) }
  }

  /// The ridges to try one after the other.
  var ridges: [Double] {
    var ridges = [0.0]
    guard ridge > 0 else { return ridges }
    for _ in 0...RegMeanRule.ridgeSteps { ridges.append(ridges.count == 1 ? ridge : ridges[ridges.count - 1] * 10) }
    return ridges
  }
}
