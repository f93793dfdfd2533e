/// What was read of and for one model.
package struct ReadModel {
  package let source: Inputs.Source
  package let planned: PlannedModel
  /// SHA-256 of all that makes one tokenizer another; equal for those that may be merged.
  package let tokenizer: String

  package init(source: Inputs.Source, planned: PlannedModel, tokenizer: String) {
    self.source = source
    self.planned = planned
    self.tokenizer = tokenizer
  }
}
