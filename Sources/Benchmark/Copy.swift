import Foundation
import SystemPackage

/// Plain reading and writing, as `cat` does it: what a merge cannot do without.
enum Copy {
  /// The sizes of the files below a directory, one that has several names once.
  static func sizes(below directory: FilePath) throws -> [Int] {
    var seen: Set<Int> = []
    return try FileManager.default.subpathsOfDirectory(atPath: directory.string).compactMap { name in
      let attributes = try FileManager.default.attributesOfItem(atPath: directory.appending(name).string)
      guard attributes[.type] as? FileAttributeType == .typeRegular, let size = attributes[.size] as? Int,
        seen.insert(attributes[.systemFileNumber] as? Int ?? -1).inserted
      else { return nil }
      return size
    }
  }

  /// Reads some files, and writes files of some sizes; these are on the disk when it is done, as a merge's output is.
  static func run(reading inputs: [FilePath], writing sizes: [Int], into directory: FilePath) throws {
    var piece = [UInt8](repeating: 1, count: 1 << 20)
    for input in inputs {
      let file = try FileDescriptor.open(input, .readOnly)
      while try piece.withUnsafeMutableBytes({ try file.read(into: $0) }) > 0 {}
      try file.close()
    }
    for (number, size) in sizes.enumerated() {
      let file = try FileDescriptor.open(
        directory.appending("\(number)"), .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
      var left = size
      while left > 0 {
        left -= try piece.withUnsafeBytes {
          try file.writeAll(UnsafeRawBufferPointer(rebasing: $0[..<min(left, $0.count)]))
        }
      }
      try FileHandle(fileDescriptor: file.rawValue, closeOnDealloc: false).synchronize()
      try file.close()
    }
  }
}
