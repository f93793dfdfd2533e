import Foundation

/// Files that lie about their size. Filled in below.
struct HostileFile {
  let name: String
  static let all: [HostileFile] = []
  static func run(_ name: String) {}
}
