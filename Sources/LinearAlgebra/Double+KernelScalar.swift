import CKernels
import COpenBLAS

extension Double: KernelScalar {
  package static func gemm(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int32, _ n: Int32, _ k: Int32, _ alpha: Self, _ a: Pointer,
    _ lda: Int32,
    _ b: Pointer, _ ldb: Int32, _ beta: Self, _ c: Pointer, _ ldc: Int32
  ) {
    cblas_dgemm(
      blasRowMajor, blasTranspose(transposeA), blasTranspose(transposeB), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  }
  package static func activate(
    _ activation: Activation, _ x: Pointer, _ bias: Pointer, _ y: Pointer, _ derivative: Pointer?, _ rows: Int,
    _ columns: Int
  ) {
    ck_activate_f64(Int32(activation.kernel), x, bias, y, derivative, rows, columns)
  }
  package static func softmax(_ a: Pointer, _ rows: Int, _ columns: Int, _ stride: Int, _ scale: Self) {
    ck_softmax_f64(a, rows, columns, stride, scale)
  }
  package static func softmaxBackward(
    _ p: Pointer, _ g: Pointer, _ rows: Int, _ columns: Int, _ pStride: Int, _ gStride: Int, _ scale: Self
  ) {
    ck_softmax_backward_f64(p, g, rows, columns, pStride, gStride, scale)
  }
  package static func layerNorm(
    _ x: Pointer, _ bias: Pointer?, _ residual: Pointer?, _ weight: Pointer, _ offset: Pointer, _ y: Pointer,
    _ normalized: Pointer, _ inverseDeviation: Pointer, _ rows: Int, _ columns: Int, _ epsilon: Self
  ) {
    ck_layer_norm_f64(
      x, bias, residual, weight, offset, y, normalized, inverseDeviation, rows, columns, epsilon)
  }
  package static func layerNormBackward(
    _ g: Pointer, _ normalized: Pointer, _ inverseDeviation: Pointer, _ weight: Pointer, _ rows: Int, _ columns: Int
  ) {
    ck_layer_norm_backward_f64(g, normalized, inverseDeviation, weight, rows, columns)
  }
  package static func affine(
    _ normalized: Pointer, _ weight: Pointer, _ offset: Pointer, _ y: Pointer, _ rows: Int, _ columns: Int
  ) {
    ck_affine_f64(normalized, weight, offset, y, rows, columns)
  }
  package static func addBias(_ y: Pointer, _ bias: Pointer, _ rows: Int, _ columns: Int) {
    ck_add_bias_f64(y, bias, rows, columns)
  }
  package static func add(_ y: Pointer, _ x: Pointer, _ count: Int) { ck_add_f64(y, x, count) }
  package static func addScaled(_ y: Pointer, _ x: Pointer, _ count: Int, _ factor: Self) {
    ck_add_scaled_f64(y, x, count, factor)
  }
  package static func multiply(_ y: Pointer, _ x: Pointer, _ count: Int) { ck_multiply_f64(y, x, count) }
  package static func tanh(_ y: Pointer, _ bias: Pointer, _ rows: Int, _ columns: Int) {
    ck_tanh_f64(y, bias, rows, columns)
  }
  package static func tanhBackward(_ g: Pointer, _ y: Pointer, _ count: Int) { ck_tanh_backward_f64(g, y, count) }
  package static func rotate(
    _ x: Pointer, _ rows: Int, _ stride: Int, _ groups: Int, _ half: Int, _ cosines: Pointer, _ sines: Pointer,
    _ direction: Self
  ) {
    ck_rotate_f64(x, rows, stride, groups, half, cosines, sines, direction)
  }
  package static func addByDistance(
    _ scores: Pointer, _ stride: Int, _ a: Pointer?, _ aStride: Int, _ b: Pointer?, _ bStride: Int,
    _ places: UnsafePointer<Int32>, _ rows: Int, _ columns: Int
  ) {
    ck_add_by_distance_f64(scores, stride, a, aStride, b, bStride, places, rows, columns)
  }
  package static func sumByDistance(
    _ g: Pointer, _ stride: Int, _ a: Pointer?, _ aStride: Int, _ b: Pointer?, _ bStride: Int,
    _ places: UnsafePointer<Int32>, _ rows: Int, _ columns: Int
  ) {
    ck_sum_by_distance_f64(g, stride, a, aStride, b, bStride, places, rows, columns)
  }
  package static func columnSums(_ x: Pointer, _ rows: Int, _ columns: Int, _ stride: Int, _ out: Pointer) {
    ck_column_sums_f64(x, rows, columns, stride, out)
  }
  package static func columnDots(
    _ x: Pointer, _ y: Pointer, _ rows: Int, _ columns: Int, _ xStride: Int, _ yStride: Int, _ out: Pointer
  ) {
    ck_column_dots_f64(x, y, rows, columns, xStride, yStride, out)
  }
  package static func groupDots(_ x: Pointer, _ y: Pointer, _ rows: Int, _ columns: Int, _ groups: Int, _ out: Pointer)
  {
    ck_group_dots_f64(x, y, rows, columns, groups, out)
  }
  package static func addWide(_ sum: UnsafeMutablePointer<Double>, _ x: Pointer, _ count: Int) {
    ck_add_wide_f64(sum, x, count)
  }
  package static func addSquaresWide(_ sum: UnsafeMutablePointer<Double>, _ x: Pointer, _ count: Int) -> Double {
    ck_add_squares_wide_f64(sum, x, count)
  }
  package static func sumOfSquares(_ x: Pointer, _ count: Int) -> Double { ck_sum_of_squares_f64(x, count) }
  package static func packPanels(_ x: Pointer, _ rows: Int, _ columns: Int, _ stride: Int, _ panels: Pointer) {
    ck_pack_panels_f64(x, rows, columns, stride, panels)
  }
  package static func sumOuterProducts(
    _ a: Pointer, _ aRows: Int, _ firstRow: Int, _ rows: Int, _ b: Pointer, _ bRows: Int, _ panels: Int,
    _ columnOfFirst: Int,
    _ offsets: UnsafePointer<Int>, _ examples: Int, _ groups: Int, _ squared: Bool,
    _ sums: UnsafeMutablePointer<Double>, _ traces: UnsafeMutablePointer<Double>
  ) {
    ck_sum_outer_products_f64(
      a, aRows, firstRow, rows, b, bRows, panels, columnOfFirst, offsets, examples, groups, squared ? 1 : 0, sums,
      traces)
  }
  package static func squaresWide(_ out: UnsafeMutablePointer<Double>, _ x: Pointer, _ count: Int) {
    ck_squares_wide_f64(out, x, count)
  }
  package static func largest(_ x: Pointer, _ count: Int) -> Double { ck_largest_f64(x, count) }
  package static func addFixed(_ sum: UnsafeMutablePointer<Int64>, _ x: Pointer, _ count: Int, _ scale: Double) {
    ck_add_fixed_f64(sum, x, count, scale)
  }
}
