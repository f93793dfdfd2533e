import Checkpoints
import Encoders
import LinearAlgebra
import Merging
import Parameters
import SystemPackage
import TestSupport
import Testing

@testable import ModelMerging

/// A golden merge of `two`, `three` and `five` with `multilabel` as their base; see `Tests/Reference/task_vectors.py`.
struct GoldenTaskVectors: CustomTestStringConvertible, Sendable {
  let file: String
  let method: String
  var values: [String: SettingValue] = [:]
  var ofModels: [[String: SettingValue]] = []
  var weights = [0.2, 0.5, 1.0]
  var testDescription: String { file }

  static let names = ["two", "three", "five"]

  static let all = [
    GoldenTaskVectors(file: "task-arithmetic.plain", method: "task_arithmetic"),
    GoldenTaskVectors(
      file: "task-arithmetic.normalized", method: "task_arithmetic",
      values: ["lambda": .number(0.7), "normalize": .flag(true)], weights: [1, -0.5, 2]),
    GoldenTaskVectors(file: "ties.plain", method: "ties", weights: [1, 1, 1]),
    GoldenTaskVectors(file: "ties.dense", method: "ties", values: ["density": .number(0.3)]),
    GoldenTaskVectors(
      file: "ties.sum", method: "ties", values: ["lambda": .number(1.3), "normalize": .flag(false)],
      ofModels: [["density": .number(0.2)], ["density": .number(0.5)], [:]], weights: [1, -0.5, 2]),
  ]

  /// The merge with a base.
  func merge(_ models: [StoredModel], base: BaseModel) throws -> any ParameterMerge {
    let declaration = try #require(MergeMethods.declarations.first { $0.name == method })
    let settings = MethodSettings(declaration, values, ofModels: ofModels)
    let inputs = MergeInputs(models: models, names: Self.names, base: base)
    return try MergeMethods.make(settings, models: 3).prepare(inputs).merge(
      by: Coefficients(weights, models: Self.names, declaration.weights))
  }
}

@Suite("Merges of differences from a base")
struct TaskVectorTests {
  private let models: [StoredModel]

  init() throws { models = try GoldenTaskVectors.names.map { try Reference.model($0) } }

  private func base(_ directory: FilePath) throws -> BaseModel { try BaseModel(directory: directory, of: models[0]) }

  private func values(_ merge: any ParameterMerge, _ parameter: Parameter) throws -> [Float] {
    let buffer = Buffer<Float>(count: parameter.count)
    try merge.merge(parameter, into: buffer.vector)
    return withExtendedLifetime(buffer) { buffer.vector.array }
  }

  @Test("merges equal the NumPy reference", arguments: GoldenTaskVectors.all)
  func golden(_ golden: GoldenTaskVectors) throws {
    let merge = try golden.merge(models, base: base(Reference.directory.appending("models/multilabel")))
    let file = try Reference.golden("merged/\(golden.file)")
    let parameters = models[0].mergedParameters
    #expect(Set(file.tensors.map(\.name)) == Set(parameters.map(\.name)))
    #expect(merge.notes.isEmpty && merge.plainEntries == 0)
    for parameter in parameters {
      let found = try values(merge, parameter)
      for (entry, exact) in try file.values(parameter.name).enumerated() {
        // Sums in Double, of terms of about 1, rounded once to Float.
        let allowed = 0x1p-24 * abs(exact) + 1e-14
        #expect(abs(Double(found[entry]) - exact) <= allowed, "\(parameter.name)[\(entry)]")
      }
    }
  }

  @Test("a base's heads are not looked at; adapters in it and a wrapper's prefix are refused")
  func foreign() throws {
    let scratch = try Scratch()
    let sound = try EditedModel("multilabel")
    var heads = sound
    heads.tensors.append(.init(name: "cls.predictions.bias", shape: [1], values: [0]))
    _ = try base(heads.write("heads", in: scratch))
    let adapters = [
      "bert.encoder.layer.0.attention.self.query.lora_A.default.weight", "base.bert.encoder.adapter.weight",
    ]
    for name in adapters {
      var adapted = sound
      adapted.tensors.append(.init(name: name, shape: [1], values: [0]))
      let directory = try adapted.write("adapted", in: scratch)
      #expect(throws: ModelError.unknownTensor(directory, tensor: name)) { try base(directory) }
    }
    var bare = sound
    bare.tensors.removeAll { !$0.name.hasPrefix("bert.") }
    for index in bare.tensors.indices { bare.tensors[index].name.removeFirst("bert.".count) }
    _ = try base(bare.write("bare", in: scratch))
    bare.tensors.append(.init(name: "encoder.layer.0.lora_A.weight", shape: [1], values: [0]))
    let unknown = try bare.write("adapted", in: scratch)
    #expect(throws: ModelError.unknownTensor(unknown, tensor: "encoder.layer.0.lora_A.weight")) { try base(unknown) }
    var wrapped = sound
    for index in wrapped.tensors.indices { wrapped.tensors[index].name = "module." + wrapped.tensors[index].name }
    let directory = try wrapped.write("wrapped", in: scratch)
    #expect {
      try base(directory)
    } throws: { error in
      guard case ModelError.foreignPrefix(directory, _, prefix: "module.") = error else { return false }
      return true
    }
  }

  @Test("what the base lacks is averaged and named", arguments: GoldenTaskVectors.all)
  func missing(_ golden: GoldenTaskVectors) throws {
    let scratch = try Scratch()
    var lacking = try EditedModel("multilabel")
    let names = ["bert.pooler.dense.weight", "bert.pooler.dense.bias"]
    lacking.tensors.removeAll { names.contains($0.name) }
    try lacking.write("base", in: scratch)
    let merge = try golden.merge(models, base: base(scratch.path.appending("base")))
    #expect(merge.notes == ["base_model has no \(names.joined(separator: ", ")): averaged instead"])
    // Weights that can be shares are; else all models count the same.
    let shares = golden.weights.allSatisfy { $0 >= 0 } ? golden.weights : [1, 1, 1]
    let average = AverageMerge(models, by: try Coefficients(shares, models: GoldenTaskVectors.names))
    let whole = try golden.merge(models, base: base(Reference.directory.appending("models/multilabel")))
    for parameter in models[0].mergedParameters {
      let expected = try values(names.contains(parameter.name) ? average : whole, parameter)
      #expect(try values(merge, parameter) == expected, "\(parameter.name)")
    }
  }

  @Test("with one model alone, weight and λ 1 give that model back", arguments: ["task_arithmetic", "ties"])
  func identity(method: String) throws {
    let golden = GoldenTaskVectors(file: "", method: method, weights: [0, 1, 0])
    let merge = try golden.merge(models, base: base(Reference.directory.appending("models/multilabel")))
    for parameter in models[0].mergedParameters {
      let own = Buffer<Float>(count: parameter.count)
      try models[1].tensor(parameter).copy(into: own.vector)
      #expect(try values(merge, parameter) == withExtendedLifetime(own) { own.vector.array }, "\(parameter.name)")
    }
  }
}
