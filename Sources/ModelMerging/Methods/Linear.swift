import Merging

/// `linear`: the average of the models, weighted by their coefficients.
package struct Linear: MergeMethod {
  package static let declaration = MethodDeclaration(
    name: "linear", summary: "the average of the models, weighted by their coefficients",
    variants: [.init("plain average")])

  package init(_ settings: MethodSettings, models: Int) {}

  package func prepare(_ inputs: MergeInputs) -> any MergePreparation { Preparation(inputs: inputs) }

  private struct Preparation: MergePreparation {
    let inputs: MergeInputs

    func merge(by coefficients: Coefficients) -> any ParameterMerge { AverageMerge(inputs.models, by: coefficients) }
  }
}
