import Encoders
import LinearAlgebra
import Parameters
import Reporting
import TestSupport
import Testing

@testable import Runs
@testable import Terminal

@Suite("How far models are from their average")
struct MeasuredDisagreementTests {
  @Test("Every matrix of a layer, in pieces of any size, agrees with the definition")
  func definition() throws {
    let sources = try GoldenMerge.names.map { try Reference.model($0) }
    let parameters = sources[0].parameters.filter { !$0.isHead }
    let measured = try MeasuredDisagreement(sources, names: GoldenMerge.names)
    for (number, parameter) in parameters.enumerated() {
      let cut = [0, parameter.count / (number + 2), parameter.count]
      for (start, end) in zip(cut, cut.dropFirst()) where start < end { try measured.add(parameter, start..<end) }
    }
    let matrices = parameters.filter { $0.layer != nil && $0.kind == .weight && $0.shape.count == 2 }
    #expect(measured.section.groups == GoldenMerge.names)
    #expect(measured.section.places.map(\.layer) == matrices.map { "\($0.layer ?? -1)" })
    #expect(measured.section.places.map(\.component) == matrices.map { "\($0.component)" })
    try #require(measured.section.places.count == matrices.count && !matrices.isEmpty)
    for (place, parameter) in zip(measured.section.places, matrices) {
      let values = try sources.map { source in
        let values = Buffer<Float>(count: parameter.count)
        try source.tensor(parameter).copy(into: values.vector)
        return withExtendedLifetime(values) { values.vector.array.map { Double($0) } }
      }
      let mean = (0..<parameter.count).map { entry in values.reduce(0) { $0 + $1[entry] } / Double(values.count) }
      let norm = mean.reduce(0) { $0 + $1 * $1 }
      for (value, theta) in zip(place.values, values) {
        let distance = zip(theta, mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let expected = (distance / norm).squareRoot()
        // The mean is rounded to Float, 6e-8 of its size; the distances are some percent of it and more.
        #expect(expected > 0.01 && abs(value - expected) < 1e-5 * expected, "\(parameter.name)")
      }
    }
  }
}
