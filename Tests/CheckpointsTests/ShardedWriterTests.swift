import Foundation
import LinearAlgebra
import SystemPackage
import Testing

@testable import Checkpoints

@Suite("Writing shards")
struct ShardedWriterTests {
  private func declarations(_ counts: [Int]) -> [TensorDeclaration] {
    counts.enumerated().map { TensorDeclaration(name: "t\($0.offset)", type: .float32, shape: [$0.element]) }
  }

  private func write(_ counts: [Int], _ scratch: Scratch, maximumShardBytes: Int) throws {
    try ShardedWriter.write(declarations(counts), to: scratch.path, maximumShardBytes: maximumShardBytes) {
      tensor, writer in
      let value = Float(tensor.name.dropFirst()) ?? -1
      try withVector([Float](repeating: value, count: tensor.count)) { try writer.write(tensor.name, $0) }
    }
  }

  @Test("What fits in one file is one file without an index")
  func single() throws {
    let scratch = try Scratch()
    try write([10, 20, 2], scratch, maximumShardBytes: 128)
    #expect(try scratch.names() == ["model.safetensors"])
    #expect(try ModelWeights(directory: scratch.path).names == ["t0", "t1", "t2"])
  }

  @Test("Shards are as full as allowed, in order, and the index names each tensor's file and the size of all")
  func sharded() throws {
    let scratch = try Scratch()
    // In bytes: 40, 40, 8 | 400 alone, since larger than the limit | 84, 4 | 40
    try write([10, 10, 2, 100, 21, 1, 10], scratch, maximumShardBytes: 100)
    let names = (1...4).map { "model-0000\($0)-of-00004.safetensors" }
    #expect(try scratch.names() == names + ["model.safetensors.index.json"])
    let index = try #require(
      JSONSerialization.jsonObject(with: Data(contents(scratch.path.appending("model.safetensors.index.json"))))
        as? [String: [String: Any]])
    #expect(index["metadata"]?["total_size"] as? Int == 616)
    #expect(
      index["weight_map"] as? [String: String] == [
        "t0": names[0], "t1": names[0], "t2": names[0], "t3": names[1], "t4": names[2], "t5": names[2], "t6": names[3],
      ])
    let weights = try ModelWeights(directory: scratch.path)
    #expect(weights.files.count == 4)
    for (place, count) in [10, 10, 2, 100, 21, 1, 10].enumerated() {
      let tensor = try #require(weights["t\(place)"])
      #expect(try doubles(tensor) == [Double](repeating: Double(place), count: count))
      #expect(try independentlyParsed(scratch.path.appending(names[0])).metadata == ["format": "pt"])
    }
  }

  @Test("Two models written in turns, piece by piece, are those that are written at once")
  func inTurns() throws {
    let (scratch, turns, other) = (try Scratch(), try Scratch(), try Scratch())
    let counts = [10, 0, 10, 2, 100, 21]
    try write(counts, scratch, maximumShardBytes: 100)
    let writers = try [turns, other].map {
      try ShardedWriter(declarations(counts), to: $0.path, maximumShardBytes: 100)
    }
    for (place, count) in counts.enumerated() {
      for piece in [count / 2, count - count / 2] {
        for writer in writers {
          try withVector([Float](repeating: Float(place), count: piece)) { values in
            try writer.write("t\(place)") { try $0.write("t\(place)", values) }
          }
        }
      }
    }
    for writer in writers { try writer.finish() }
    for name in try scratch.names() {
      for target in [turns, other] {
        #expect(try contents(target.path.appending(name)) == contents(scratch.path.appending(name)))
      }
    }
    #expect(try turns.names() == scratch.names() && other.names() == scratch.names())
  }

  @Test("A tensor that is missing at the end is named, and so is one that is left out on the way")
  func missing() throws {
    for written in [["t0"], ["t0", "t2"]] {
      let scratch = try Scratch()
      let writer = try ShardedWriter(declarations([10, 11, 12]), to: scratch.path, maximumShardBytes: 50)
      let error = #expect(throws: OutputError.self) {
        for name in written {
          try withVector([Float](repeating: 0, count: name == "t0" ? 10 : 12)) { values in
            try writer.write(name) { try $0.write(name, values) }
          }
        }
        try writer.finish()
      }
      #expect(
        error == .unwrittenTensors(scratch.path.appending("model-00002-of-00003.safetensors"), ["t1"]))
    }
  }

  @Test("An error of the caller ends the writing")
  func callerError() throws {
    struct Stop: Error {}
    let scratch = try Scratch()
    #expect(throws: Stop.self) { try ShardedWriter.write(declarations([1]), to: scratch.path) { _, _ in throw Stop() } }
  }
}
