import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Planning

@Suite("Plans")
struct PlanTests {
  @Test("a plan survives the way to the other ranks")
  func roundTrip() throws {
    for (method, parameters) in [
      ("mask_fisher", "expectation: sampled, draws: 3, seed: 11, examples: 7, preset: fisher-nodes"),
      ("fisher", "preset: matena-raffel, floor_only: three, max_length: 9"), ("linear", ""),
    ] {
      let plan = try MergeFixture().plan(method: method, parameters: parameters).plan
      let received = try JSONDecoder().decode(Plan.self, from: plan.encoded())
      #expect(try received.encoded() == plan.encoded())
      #expect(try received.hash() == plan.hash())
      #expect(received.method == plan.method && received.sampling == plan.sampling)
      #expect(received.models.map(\.files) == plan.models.map(\.files))
      #expect(received.models.map(\.configuration) == plan.models.map(\.configuration))
    }
  }

  @Test("planning twice gives the same hash of 64 digits")
  func stableHash() throws {
    let fixture = try MergeFixture()
    let hash = try fixture.plan().plan.hash()
    #expect(hash == (try fixture.planAsWritten().plan.hash()))
    #expect(hash.wholeMatch(of: #/[0-9a-f]{64}/#) != nil)
  }

  @Test("every option changes the hash")
  func options() throws {
    let fixture = try MergeFixture()
    var hashes: [String: String] = [:]
    func add(_ name: String, _ plan: Plan) throws { hashes[try plan.hash(), default: ""] += name + " " }
    try add("as it is", fixture.plan().plan)
    for parameters in [
      "examples: 20", "examples: 21", "seed: 1", "expectation: empirical", "expectation: argmax",
      "expectation: sampled", "expectation: sampled, draws: 2", "max_length: 8", "rule: paper", "normalize: none",
      "preset: fisher-nodes",
    ] {
      try add(parameters, fixture.planAsWritten(parameters: parameters).plan)
    }
    try add("linear", fixture.planAsWritten(method: "linear").plan)
    try add("fisher", fixture.planAsWritten(method: "fisher").plan)
    for parameters in ["floor: 1e-5", "normalize: none", "normalize: global", "floor_order: before", "floor_only: two"]
    { try add("fisher, \(parameters)", fixture.planAsWritten(method: "fisher", parameters: parameters).plan) }
    try add("weight", fixture.planAsWritten(weight: "0.5").plan)
    try add("type", fixture.planAsWritten(more: "out_dtype: float16").plan)
    #expect(hashes.count == 21, "equal: \(hashes.values.filter { $0.split(separator: " ").count > 1 })")
  }

  @Test("data and weight files change the hash")
  func files() throws {
    var fixture = try MergeFixture()
    let before = try fixture.plan().plan
    let data = try String(contentsOfFile: fixture.path("two.jsonl").string, encoding: .utf8)
    try fixture.scratch.write("two.jsonl", data + #"{"sentence": "a cat", "label": 0}"# + "\n")
    let longer = try fixture.planAsWritten().plan
    #expect(try longer.hash() != before.hash())
    // One label, of the same length and with the same tokens.
    let flipped = data.replacing("\"label\": 0", with: "\"label\": 1", maxReplacements: 1)
    try fixture.scratch.write("two.jsonl", flipped)
    #expect(try fixture.planAsWritten().plan.hash() != before.hash())
    try fixture.scratch.write("two.jsonl", data)
    #expect(try fixture.planAsWritten().plan.hash() == before.hash())
    // Another head: other tensors.
    fixture.three = try EditedModel("five")
    #expect(try fixture.plan().plan.hash() != before.hash())
  }

  @Test("the hash is of the work: the same files elsewhere, under other paths, have the same")
  func elsewhere() throws {
    let first = try MergeFixture()
    let second = try MergeFixture()
    let plans = (try first.plan().plan, try second.plan().plan)
    #expect(plans.0.models[0].directory != plans.1.models[0].directory)
    #expect(try plans.0.hash() == plans.1.hash())
  }

  @Test("one value in a weight file changes the hash")
  func weights() throws {
    var fixture = try MergeFixture()
    let before = try fixture.plan().plan
    fixture.three["bert.pooler.dense.bias"][3] += 0.5
    let after = try fixture.plan().plan
    #expect(try after.hash() != before.hash())
  }
}
