// The settings that the program uses where the recipe is silent, and those that others published.

extension MaskFisherRule {
  /// The default: what measured best on real checkpoints. Six pairs of BERT-tiny models gained 2.2 points over the
  /// plain average, where the published rule gave 0.9; three MiniLM models reached 72.6 %, where it gave 48.9 and the
  /// plain average 53.7. Token nodes gained 1.5 points on four BERT-tiny tasks and 4 on those of RoBERTa and ELECTRA.
  package static let standard = MaskFisherRule(rule: .structural, normalize: .model, tokenNodes: true)

  /// arXiv 2403.09891 (Fisher Mask Nodes, LREC-COLING 2024) and its public code.
  package static let fisherNodes = MaskFisherRule(rule: .paper, normalize: .none)

  /// The same with what that code makes of zeros; for its own statistics (`docs/compatibility.md`).
  package static let fisherNodesProgram = MaskFisherRule(rule: .paper, normalize: .none, zeros: .becomeOne)
}

extension DiagonalFisherRule {
  /// The default: each tensor's Fisher by its own norm, then the published floor. On BERT-tiny models it is within the
  /// sampling error of no normalisation (four tasks: 69.4 and 70.0 % on two draws of the examples, against 70.2 and
  /// 69.7), on three MiniLM models it reached 73.2 %, against 68.0; `docs/decisions/0006-defaults.md` has the figures.
  package static let standard = DiagonalFisherRule(floor: 1e-6, normalize: .tensor)

  /// The settings of Matena & Raffel 2021 as their public program has them unless told otherwise: the floor before the
  /// global norm, and for the target model alone, which is the first.
  package static let matenaRaffel = DiagonalFisherRule(
    floor: 1e-6, normalize: .global, floorOrder: .beforeNormalizing, floorOnly: 0)
}
