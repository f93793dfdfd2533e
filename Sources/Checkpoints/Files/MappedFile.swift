import LinearAlgebra
import SystemPackage

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file mapped read-only into memory: nothing is read before it is touched, and processes on one node share the
/// pages.
///
/// The only place of this module with unsafe memory that outlives a call. Whoever keeps a view of the bytes keeps this
/// object. The file must not be truncated meanwhile: touching a page that is gone ends the process (SIGBUS).
///
/// `@unchecked Sendable` because the memory is never written.
package final class MappedFile: @unchecked Sendable {
  package let path: FilePath
  /// All bytes of the file; without address where the file is empty.
  package let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  package init(path: FilePath) throws(FileAccessError) {
    self.path = path
    let descriptor: FileDescriptor
    do {
      // Opening a named pipe would wait for a writer; without blocking it is opened and then refused as no file.
      descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
    } catch {
      let code = error as? Errno ?? .ioError
      throw [.noSuchFileOrDirectory, .notDirectory].contains(code) ? .missing(path) : .cannotOpen(path, code)
    }
    // The mapping stays when the descriptor is closed.
    defer { try? descriptor.close() }
    var status = stat()
    guard fstat(descriptor.rawValue, &status) == 0 else { throw .cannotOpen(path, Errno(rawValue: errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular(path) }
    let count = Int(status.st_size)
    self.isMapped = true
    guard count > 0 else {
      // mmap refuses a length of 0.
      self.bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let address = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor.rawValue, 0), address != MAP_FAILED else {
      throw .cannotMap(path, bytes: count, Errno(rawValue: errno))
    }
    self.bytes = UnsafeRawBufferPointer(start: address, count: count)
  }

  /// A file that is not on disk: `contents` in this object's own memory, as `path` in messages.
  package convenience init(path: FilePath, contents: [UInt8]) {
    self.init(path: path, count: contents.count) { $0.copyBytes(from: contents) }
  }

  /// A file that is not on disk: `count` bytes of this object's own memory, which `fill` writes, as `path` in messages.
  init(path: FilePath, count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
    self.path = path
    self.isMapped = false
    guard count > 0 else {
      self.bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    // As aligned as the page that a file would begin with, for views of any element type.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    fill(memory)
    self.bytes = UnsafeRawBufferPointer(memory)
  }

  deinit {
    guard let address = bytes.baseAddress else { return }
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    } else {
      bytes.deallocate()
    }
  }

  /// What a pointer of Git LFS begins with.
  static let pointerStart = "version https://git-lfs.github.com/spec/"

  /// Whether the file is what Git LFS leaves in place of one that it has not fetched: the name of its content only.
  package var isLFSPointer: Bool {
    withExtendedLifetime(self) {
      bytes.count < 1024 && bytes.starts(with: Self.pointerStart.utf8)
    }
  }

  /// The bytes in `range`, which must lie within the file.
  package subscript(range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "range outside the mapped file")
    return UnsafeRawBufferPointer(rebasing: bytes[range])
  }

  /// The bytes in `range` as a vector of `Scalar`s where they are aligned for it, else nil.
  ///
  /// The vector borrows this object's memory and is mapped read-only: writing through it traps.
  func vector<Scalar: BitwiseCopyable>(of type: Scalar.Type, in range: Range<Int>) -> Vector<Scalar>? {
    let part = self[range]
    precondition(part.count % MemoryLayout<Scalar>.stride == 0, "whole elements")
    guard let address = part.baseAddress, UInt(bitPattern: address) % UInt(MemoryLayout<Scalar>.alignment) == 0 else {
      return nil
    }
    let base = UnsafeMutablePointer(mutating: address.assumingMemoryBound(to: type))
    return Vector(base: base, count: part.count / MemoryLayout<Scalar>.stride)
  }
}
