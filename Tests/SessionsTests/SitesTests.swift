import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("Which site has which examples")
struct SitesTests {
  /// Stamps of files that are seen or not, by rank and model; files with another number are others.
  private func sites(_ seen: [[Int]], hosts: [String]? = nil) throws -> Sites {
    let scratch = try Scratch()
    var stamps: [Int: FileStamp] = [:]
    for number in Set(seen.joined()) where number > 0 {
      try scratch.write("\(number)", String(repeating: "x", count: number))
      stamps[number] = FileStamp(scratch.path.appending("\(number)"))
    }
    let files = seen[0].indices.map { [FilePath("data/\($0).jsonl")] }
    return try Sites(
      seen.map { $0.map { [stamps[$0]] } }, files: files, hosts: hosts ?? seen.indices.map { "host \($0)" })
  }

  @Test("a run in which rank 0 sees all is not federated, whatever the others see")
  func ordinary() throws {
    for seen in [[[1, 2], [0, 0]], [[1, 2], [1, 2]], [[1, 2], [0, 5]]] {
      #expect(try sites(seen) == Sites(ranks: 2, models: 2))
    }
    // Nor one in which nobody sees a file: the root says so.
    #expect(try !sites([[1, 0], [1, 0]]).isFederated)
  }

  @Test("each site reads what it sees, and what all see is nobody's")
  func division() throws {
    let found = try sites([[1, 0, 9], [1, 0, 9], [0, 2, 9], [0, 2, 9], [0, 0, 9]])
    #expect(found.isFederated && found.ofModels[2] == nil)
    #expect((found.owner(of: 0), found.owner(of: 1), found.owner(of: 2)) == (0, 2, 0))
    #expect(found.ranks(of: 0) == [0, 1] && found.ranks(of: 1) == [2, 3] && found.ranks(of: 2) == [0, 1, 2, 3, 4])
    #expect(found.models(ofRank: 1) == [0] && found.models(ofRank: 3) == [1] && found.models(ofRank: 4) == [])
  }

  @Test("of several sites that see a model's data the largest works on them")
  func several() throws {
    let found = try sites([[0, 4], [3, 0], [3, 4], [3, 4]])
    #expect(found.ranks(of: 0) == [2, 3] && found.ranks(of: 1) == [2, 3])
    #expect(found.owner(of: 0) == 2)
  }

  @Test("other files under one path, and files of one model on several hosts, are refused")
  func refusals() throws {
    #expect(
      throws: SharingError.differentData("data/0.jsonl", hosts: ["host 1", "host 2"])
    ) { try sites([[0, 2], [3, 2], [5, 2]]) }
    let scratch = try Scratch()
    try scratch.write("a", "x")
    let stamp = FileStamp(scratch.path.appending("a"))
    #expect(throws: SharingError.scatteredFiles(["data", "test"])) {
      try Sites([[[stamp, nil]], [[nil, stamp]]], files: [["data", "test"]], hosts: ["a", "b"])
    }
  }
}
