import CKernels
import COpenBLAS
import Diagnostics

/// What the products and kernels run on, for the start line, the manifest and the benchmarks.
package enum Processor {
  /// The core type for which OpenBLAS chose its kernels, such as `SkylakeX`.
  package static var blasCore: String { String(cString: openblas_get_corename()) }

  /// OpenBLAS's version and build configuration.
  package static var blasConfiguration: String { String(cString: openblas_get_config()) }

  /// The number of threads that one product uses.
  package static var blasThreads: Int {
    get { Int(openblas_get_num_threads()) }
    set { openblas_set_num_threads(Int32(newValue)) }
  }

  /// Has OpenBLAS take the memory for its packed operands now, which it keeps: it would wait for ever for memory that
  /// the system refuses. To be called when the number of threads is known, before any other product.
  package static func takeBLASMemory() throws(OutOfMemory) {
    let bytes = (blasThreads + 1) * bytesPerBLASThread
    guard canAllocate(bytes: bytes) else { throw OutOfMemory(bytes: bytes, for: "OpenBLAS's buffers") }
    // Smaller products may go without.
    let size = 128
    let (operand, product) = (Buffer<Double>(count: size * size), Buffer<Double>(count: size * size))
    withExtendedLifetime((operand, product)) {
      let factor = operand.vector.matrix(rows: size, columns: size)
      multiply(factor, factor, into: product.vector.matrix(rows: size, columns: size))
    }
  }

  /// What OpenBLAS asks the system for, for each thread; most of it is never touched.
  private static let bytesPerBLASThread = 128 << 20

  /// The instruction level of the vector kernels.
  package enum KernelLevel: Int32, CaseIterable, CustomStringConvertible {
    case base = 0
    case v3 = 1
    case v4 = 2

    package var description: String {
      switch self {
      case .base: "base"
      case .v3: "x86-64-v3"
      case .v4: "x86-64-v4"
      }
    }
  }

  package static var kernelLevel: KernelLevel { KernelLevel(rawValue: ck_level()) ?? .base }

  /// All that decides how results are rounded, in words: two processes that say the same compute the same bits.
  package static var identity: String {
    "OpenBLAS \(blasCore) with \(blasThreads) thread\(blasThreads == 1 ? "" : "s"), \(kernelLevel) kernels"
  }

  /// Chooses another kernel level, for tests. False where this processor does not have it.
  package static func select(_ level: KernelLevel) -> Bool { ck_select_level(level.rawValue) == 0 }

  /// Whether sums of products of examples read operands again rather than keep them in registers (`outer_products.h`).
  /// Changes no bit.
  package static var rereadsOperands: Bool { ck_rereads_operands() != 0 }

  /// Chooses otherwise, for tests.
  package static func select(rereadsOperands: Bool) { ck_select_rereading(rereadsOperands ? 1 : 0) }

  /// Whether OpenBLAS was made to use kernels older than this processor's, which halves its speed.
  package static var blasCoreIsOutdated: Bool { kernelLevel == .v4 && !wideCores.contains(blasCore) }

  /// Whether a row of a product has the same bits wherever it stands in the matrix. So it is with OpenBLAS's kernels
  /// for AVX-512; those for AVX2 round some places otherwise, so that statistics of shards add up to 1e-7 only.
  package static var rowsAreAlike: Bool { wideCores.contains(blasCore) }

  private static let wideCores = ["SkylakeX", "Cooperlake", "SapphireRapids"]
}
