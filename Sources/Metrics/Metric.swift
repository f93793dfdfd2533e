/// A figure of merit, by the name that it has on the command line and in files.
package enum Metric: String, Sendable, Codable, CaseIterable {
  /// The share of examples with the right class.
  case accuracy
  /// Of two classes, the F1 of class 1, as GLUE has it; of more, or of independent labels, the mean over the classes.
  case f1
  /// Matthews' correlation; of more than two classes Gorodkin's R_K.
  case matthews
  /// Pearson's correlation of the numbers predicted and given.
  case pearson
  /// Spearman's correlation: Pearson's, of the ranks.
  case spearman
  /// The share of examples with all of their independent labels right.
  case exactMatch = "exact_match"
}

/// A task of the GLUE benchmark, which says how it is scored.
package enum GLUETask: String, Sendable, CaseIterable {
  case cola, sst2, mrpc, stsb, qqp, mnli, qnli, rte, wnli, ax

  /// Recognises the ways that a task's name is written: `SST-2`, `sts_b`, `mnli-mm`, `mnli_matched`.
  package init?(name: String) {
    let plain = name.lowercased().filter { $0 != "-" && $0 != "_" }
    let bare = ["mnlimm", "mnlimatched", "mnlimismatched"].contains(plain) ? "mnli" : plain
    self.init(rawValue: bare)
  }

  /// GLUE's metrics for the task, the first one first (Wang et al., 2019, table 1).
  package var metrics: [Metric] {
    switch self {
    case .cola, .ax: [.matthews]
    case .stsb: [.pearson, .spearman]
    case .mrpc, .qqp: [.accuracy, .f1]
    case .sst2, .mnli, .qnli, .rte, .wnli: [.accuracy]
    }
  }
}
