import TestSupport
import Testing

@testable import Sessions

@Suite("The memory of this process and its host")
struct ProcessMemoryTests {
  @Test("both are told, and plausible")
  func figures() throws {
    #expect(ProcessMemory.peakResidentBytes > 1 << 20)
    #expect(try #require(ProcessMemory.availableBytes) > 1 << 20)
  }

  @Test("the tightest of a control group and those above it counts, files that it caches are free")
  func groups() throws {
    let scratch = try Scratch()
    func group(_ path: String, _ limit: String, used: Int, cached: Int) throws {
      try scratch.write("\(path)memory.max", "\(limit)\n")
      try scratch.write("\(path)memory.current", "\(used)\n")
      try scratch.write("\(path)memory.stat", "anon 1\ninactive_file \(cached)\nactive_file 7\n")
    }
    let root = scratch.path.string
    #expect(ProcessMemory.groupBytes(of: "/", below: root) == nil)
    try group("job/", "1000", used: 900, cached: 50)
    try group("job/step/", "2000", used: 100, cached: 0)
    try group("free/", "max", used: 100, cached: 0)
    #expect(ProcessMemory.groupBytes(of: "/job/step", below: root) == 150)
    #expect(ProcessMemory.groupBytes(of: "/job/step/task", below: root) == 150)
    #expect(ProcessMemory.groupBytes(of: "/free", below: root) == nil)
    try group("job/step/", "2000", used: 2100, cached: 0)
    #expect(ProcessMemory.groupBytes(of: "/job/step", below: root) == 0)
  }
}
