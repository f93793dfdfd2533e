import Foundation
import Testing

@testable import Reporting

@Suite("The page")
struct PageTests {
  @Test("Sample pages are written where REPORT_SAMPLES says, for eyes")
  func samples() throws {
    guard let folder = ProcessInfo.processInfo.environment["REPORT_SAMPLES"] else { return }
    let names = ["cola", "sst2", "mrpc", "stsb"]
    for (tasks, layers, heads) in [(2, 2, 2), (3, 12, 12), (4, 12, 12), (4, 2, 2), (2, 24, 16)] {
      let page = sampleReport(Array(names.prefix(tasks)), layers: layers, heads: heads).html
      try page.write(toFile: "\(folder)/k\(tasks)-l\(layers).html", atomically: true, encoding: .utf8)
    }
  }
}
