import COpenBLAS

/// A floating-point type that the encoder can compute in: `Float` for runs, `Double` for gradient checks.
///
/// The static requirements are the floor below every operation: one matrix product of OpenBLAS and the vector kernels
/// of CKernels. They take raw addresses and check nothing; ``multiply(_:_:into:transposeA:transposeB:alpha:beta:)`` and
/// its neighbours are the checked operations on views, and what other modules call.
package protocol KernelScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  typealias Pointer = UnsafeMutablePointer<Self>

  static func gemm(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int32, _ n: Int32, _ k: Int32, _ alpha: Self, _ a: Pointer,
    _ lda: Int32,
    _ b: Pointer, _ ldb: Int32, _ beta: Self, _ c: Pointer, _ ldc: Int32)
  static func activate(
    _ activation: Activation, _ x: Pointer, _ bias: Pointer, _ y: Pointer, _ derivative: Pointer?, _ rows: Int,
    _ columns: Int)
  static func softmax(_ a: Pointer, _ rows: Int, _ columns: Int, _ stride: Int, _ scale: Self)
  static func softmaxBackward(
    _ p: Pointer, _ g: Pointer, _ rows: Int, _ columns: Int, _ pStride: Int, _ gStride: Int, _ scale: Self)
  static func layerNorm(
    _ x: Pointer, _ bias: Pointer?, _ residual: Pointer?, _ weight: Pointer, _ offset: Pointer, _ y: Pointer,
    _ normalized: Pointer, _ inverseDeviation: Pointer, _ rows: Int, _ columns: Int, _ epsilon: Self)
  static func layerNormBackward(
    _ g: Pointer, _ normalized: Pointer, _ inverseDeviation: Pointer, _ weight: Pointer, _ rows: Int, _ columns: Int)
  static func affine(
    _ normalized: Pointer, _ weight: Pointer, _ offset: Pointer, _ y: Pointer, _ rows: Int, _ columns: Int)
  static func addBias(_ y: Pointer, _ bias: Pointer, _ rows: Int, _ columns: Int)
  static func add(_ y: Pointer, _ x: Pointer, _ count: Int)
  static func addScaled(_ y: Pointer, _ x: Pointer, _ count: Int, _ factor: Self)
  static func multiply(_ y: Pointer, _ x: Pointer, _ count: Int)
  static func tanh(_ y: Pointer, _ bias: Pointer, _ rows: Int, _ columns: Int)
  static func tanhBackward(_ g: Pointer, _ y: Pointer, _ count: Int)
  static func rotate(
    _ x: Pointer, _ rows: Int, _ stride: Int, _ groups: Int, _ half: Int, _ cosines: Pointer, _ sines: Pointer,
    _ direction: Self)
  static func addByDistance(
    _ scores: Pointer, _ stride: Int, _ a: Pointer?, _ aStride: Int, _ b: Pointer?, _ bStride: Int,
    _ places: UnsafePointer<Int32>, _ rows: Int, _ columns: Int)
  static func sumByDistance(
    _ g: Pointer, _ stride: Int, _ a: Pointer?, _ aStride: Int, _ b: Pointer?, _ bStride: Int,
    _ places: UnsafePointer<Int32>, _ rows: Int, _ columns: Int)
  static func columnSums(_ x: Pointer, _ rows: Int, _ columns: Int, _ stride: Int, _ out: Pointer)
  static func columnDots(
    _ x: Pointer, _ y: Pointer, _ rows: Int, _ columns: Int, _ xStride: Int, _ yStride: Int, _ out: Pointer)
  static func groupDots(_ x: Pointer, _ y: Pointer, _ rows: Int, _ columns: Int, _ groups: Int, _ out: Pointer)
  static func addWide(_ sum: UnsafeMutablePointer<Double>, _ x: Pointer, _ count: Int)
  static func addSquaresWide(_ sum: UnsafeMutablePointer<Double>, _ x: Pointer, _ count: Int) -> Double
  static func sumOfSquares(_ x: Pointer, _ count: Int) -> Double
  static func packPanels(_ x: Pointer, _ rows: Int, _ columns: Int, _ stride: Int, _ panels: Pointer)
  static func sumOuterProducts(
    _ a: Pointer, _ aRows: Int, _ firstRow: Int, _ rows: Int, _ b: Pointer, _ bRows: Int, _ panels: Int,
    _ columnOfFirst: Int,
    _ offsets: UnsafePointer<Int>, _ examples: Int, _ groups: Int, _ squared: Bool,
    _ sums: UnsafeMutablePointer<Double>, _ traces: UnsafeMutablePointer<Double>)
  static func squaresWide(_ out: UnsafeMutablePointer<Double>, _ x: Pointer, _ count: Int)
  static func largest(_ x: Pointer, _ count: Int) -> Double
  static func addFixed(_ sum: UnsafeMutablePointer<Int64>, _ x: Pointer, _ count: Int, _ scale: Double)
}

func blasTranspose(_ transposed: Bool) -> Int32 {
  Int32((transposed ? copenblas_transposed : copenblas_no_transpose).rawValue)
}

let blasRowMajor = Int32(copenblas_row_major.rawValue)
