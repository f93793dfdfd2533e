import Checkpoints
import Encoders
import Foundation
import Merging
import MessagePassing
import SystemPackage

/// The settings of a plan in words, for the output, the manifest and the model cards.
func describe(_ plan: Plan) -> String {
  let setting =
    plan.preset.map { " (preset \($0.rawValue), \($0.source), as published unless changed)" }
    ?? plan.compatibility.map { ", \($0.description)" } ?? ""
  let heads = plan.heads == .merge ? ", heads merged" : ""
  return describe(plan.rule, plan) + heads + setting
}

private func describe(_ rule: MergeRule, _ plan: Plan) -> String {
  let sampling = plan.sampling
  let isEstimated = plan.models.contains { $0.data != nil }
  let expectation = isEstimated ? ", expectation \(sampling.expectation.name), seed \(sampling.seed)" : ""
  switch rule {
  case .linear: return "average weighted by the coefficients"
  case .fisher(let rule):
    let only = rule.floorOnly.map { " for \(plan.models[$0].name) only" } ?? ""
    let order = rule.normalize == .none ? "" : ", floor_order \(rule.floorOrder.rawValue)"
    return "floor \(significant(rule.floor))\(only), normalize \(rule.normalize.rawValue)\(order)\(expectation)"
  case .maskFisher(let rule):
    return "rule \(rule.rule.rawValue), normalize \(rule.normalize.rawValue)\(expectation)"
  case .regMean(let rule):
    let seed = isEstimated && sampling.examples != nil ? ", seed \(sampling.seed)" : ""
    return "off_diagonal \(significant(rule.offDiagonal)), weighting \(rule.weighting.rawValue), "
      + "bias \(rule.bias.rawValue), pooler \(rule.pooler.rawValue)\(seed)"
  }
}
