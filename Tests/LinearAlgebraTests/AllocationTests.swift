import Diagnostics
import Foundation
import Testing

@testable import LinearAlgebra

@Suite("Memory that the system refuses")
struct AllocationTests {
  @Test("what cannot be had is known without having it")
  func trial() {
    #expect(canAllocate(bytes: 1 << 20))
    #expect(!canAllocate(bytes: 1 << 60))
  }

  @Test("a buffer that cannot be had ends the process by its handler, which is told how much it was")
  func buffer() async throws {
    let result = try await #require(processExitsWith: .exitCode(71), observing: [\.standardErrorContent]) {
      OutOfMemory.handle { refusal in
        FileHandle.standardError.write(Data("refused: \(refusal)".utf8))
        exit(refusal.exitCode.rawValue)
      }
      _ = Buffer<Double>(count: 1 << 57)
    }
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(text.contains("refused: memory: a buffer needs 1152921504607 MB"), "\(text)")
  }

  @Test("without a handler it is a message too")
  func unhandled() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Arena().vector(1 << 57, of: Double.self)
    }
    #expect(String(decoding: result.standardErrorContent, as: UTF8.self).contains("memory: a buffer needs"))
  }
}
