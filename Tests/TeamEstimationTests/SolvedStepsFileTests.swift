import Checkpoints
import Foundation
import LinearAlgebra
import Merging
import Parameters
import SystemPackage
import TestSupport
import Testing

@testable import TeamEstimation

@Suite("Files of solved steps")
struct SolvedStepsFileTests {
  private let parameters = ["a.weight", "a.bias"].enumerated().map { index, name in
    Parameter(
      component: .query, layer: 0, kind: index == 0 ? .weight : .bias, name: name, shape: index == 0 ? [3, 4] : [3],
      role: ParameterRole(.attention))
  }
  private let reports = [
    SolveReport(tensors: ["a.weight"], condition: 12.5, iteration: .init(steps: 7, residual: 0.02))
  ]

  private func write(in scratch: Scratch) throws -> FilePath {
    let path = scratch.path.appending("plan.3.solved")
    let values = parameters.map { parameter in
      let buffer = Buffer<Float>(count: parameter.count)
      for index in 0..<parameter.count { buffer.vector[index] = 0.1 * Float(index + 1) }
      return (parameter: parameter, values: buffer)
    }
    try SolvedStepsFile.write(values, reports: reports, plan: "plan", step: 3, processor: "Cooperlake", to: path)
    return path
  }

  private func read(_ path: FilePath, plan: String = "plan", step: Int = 3) throws -> SolvedStepsFile {
    try SolvedStepsFile(path: path, plan: plan, step: step, parameters: parameters)
  }

  @Test("what was written is read again, bit by bit")
  func roundTrip() throws {
    let scratch = try Scratch()
    let file = try read(write(in: scratch))
    #expect(file.reports == reports && file.processor == "Cooperlake" && file.values.count == 2)
    #expect(file.values["a.weight"]?.vector.array == (0..<12).map { 0.1 * Float($0 + 1) })
    #expect(file.values["a.bias"]?.vector.array == (0..<3).map { 0.1 * Float($0 + 1) })
  }

  @Test("the file of another plan, another step or other layers is refused")
  func others() throws {
    let scratch = try Scratch()
    let path = try write(in: scratch)
    #expect(throws: CheckpointError.self) { try read(path, plan: "other") }
    #expect(throws: CheckpointError.self) { try read(path, step: 4) }
    #expect(throws: CheckpointError.self) {
      try SolvedStepsFile(path: path, plan: "plan", step: 3, parameters: [parameters[0]])
    }
  }

  @Test("a byte that was changed, or an end that is missing, is found", arguments: ["data", "reports", "end"])
  func damage(where place: String) throws {
    let scratch = try Scratch()
    let path = try write(in: scratch)
    let url = URL(fileURLWithPath: path.string)
    var bytes = try Data(contentsOf: url)
    switch place {
    case "data": bytes[bytes.count - 1] ^= 1
    case "reports":
      let digits = try #require(bytes.range(of: Data("12.5".utf8)))
      bytes[digits.lowerBound] += 1
    default: bytes.removeLast(5)
    }
    try bytes.write(to: url)
    #expect(throws: (any Error).self) { try read(path) }
  }
}
