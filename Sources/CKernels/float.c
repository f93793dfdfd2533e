#include "include/ckernels.h"

#include <math.h>

typedef float v16 __attribute__((ext_vector_type(16)));
typedef float v8 __attribute__((ext_vector_type(8)));
typedef float v4 __attribute__((ext_vector_type(4)));
typedef float v2 __attribute__((ext_vector_type(2)));
typedef double d16 __attribute__((ext_vector_type(16)));
typedef int32_t i16 __attribute__((ext_vector_type(16)));

// Functions that pass vectors are always inlined, so no vector ever crosses a call and its calling convention is moot.
#define INLINE static inline __attribute__((always_inline))
#pragma clang diagnostic ignored "-Wpsabi"

#define BODY "float_body.inc"
#include "each_level.inc"

static int level = ck_level_base;

static int supports(int wanted) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (wanted == ck_level_v4) return __builtin_cpu_supports("x86-64-v4") != 0;
  if (wanted == ck_level_v3) return __builtin_cpu_supports("x86-64-v3") != 0;
#endif
  return wanted == ck_level_base;
}

int ck_level(void) { return level; }

int ck_select_level(int wanted) {
  if (!supports(wanted)) return -1;
  level = wanted;
  return 0;
}

__attribute__((constructor)) static void select_best_level(void) {
  for (int wanted = ck_level_v4; ck_select_level(wanted) != 0; wanted--) {}
}

void ck_activate_f32(int kind, const float *x, const float *bias, float *activation, float *derivative, size_t rows,
                     size_t columns) {
  CK_CHOOSE(activate)(kind, x, bias, activation, derivative, rows, columns);
}
void ck_softmax_f32(float *a, size_t rows, size_t columns, size_t stride, float scale) {
  CK_CHOOSE(softmax)(a, rows, columns, stride, scale);
}
void ck_softmax_backward_f32(const float *p, float *g, size_t rows, size_t columns, size_t p_stride, size_t g_stride, float scale) {
  CK_CHOOSE(softmax_backward)(p, g, rows, columns, p_stride, g_stride, scale);
}
void ck_layer_norm_f32(const float *x, const float *bias, const float *residual, const float *weight, const float *offset, float *y,
                       float *normalized, float *inverse_deviation, size_t rows, size_t columns, float epsilon) {
  CK_CHOOSE(layer_norm)(x, bias, residual, weight, offset, y, normalized, inverse_deviation, rows, columns, epsilon);
}
void ck_affine_f32(const float *normalized, const float *weight, const float *offset, float *y, size_t rows, size_t columns) {
  CK_CHOOSE(affine)(normalized, weight, offset, y, rows, columns);
}
void ck_layer_norm_backward_f32(float *g, const float *normalized, const float *inverse_deviation, const float *weight, size_t rows,
                                size_t columns) {
  CK_CHOOSE(layer_norm_backward)(g, normalized, inverse_deviation, weight, rows, columns);
}
void ck_add_bias_f32(float *y, const float *bias, size_t rows, size_t columns) { CK_CHOOSE(add_bias)(y, bias, rows, columns); }
void ck_add_f32(float *y, const float *x, size_t count) { CK_CHOOSE(add)(y, x, count); }
void ck_add_scaled_f32(float *y, const float *x, size_t count, float factor) { CK_CHOOSE(add_scaled)(y, x, count, factor); }
void ck_multiply_f32(float *y, const float *x, size_t count) { CK_CHOOSE(multiply)(y, x, count); }
// One row per example: not worth a vector form.
void ck_tanh_f32(float *y, const float *bias, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, y += columns)
    for (size_t j = 0; j < columns; j++) y[j] = tanhf(y[j] + bias[j]);
}
void ck_tanh_backward_f32(float *g, const float *y, size_t count) { CK_CHOOSE(tanh_backward)(g, y, count); }
void ck_rotate_f32(float *x, size_t rows, size_t stride, size_t groups, size_t half, const float *cosines, const float *sines,
                   float direction) {
  CK_CHOOSE(rotate)(x, rows, stride, groups, half, cosines, sines, direction);
}
void ck_add_by_distance_f32(float *scores, size_t stride, const float *a, size_t a_stride, const float *b, size_t b_stride,
                            const int32_t *places, size_t rows, size_t columns) {
  CK_CHOOSE(add_by_distance)(scores, stride, a, a_stride, b, b_stride, places, rows, columns);
}
void ck_sum_by_distance_f32(const float *g, size_t stride, float *a, size_t a_stride, float *b, size_t b_stride,
                            const int32_t *places, size_t rows, size_t columns) {
  CK_CHOOSE(sum_by_distance)(g, stride, a, a_stride, b, b_stride, places, rows, columns);
}
void ck_column_sums_f32(const float *x, size_t rows, size_t columns, size_t stride, float *out) {
  CK_CHOOSE(column_sums)(x, rows, columns, stride, out);
}
void ck_column_dots_f32(const float *x, const float *y, size_t rows, size_t columns, size_t x_stride, size_t y_stride, float *out) {
  CK_CHOOSE(column_dots)(x, y, rows, columns, x_stride, y_stride, out);
}
void ck_group_dots_f32(const float *x, const float *y, size_t rows, size_t columns, size_t groups, float *out) {
  CK_CHOOSE(group_dots)(x, y, rows, columns, groups, out);
}
void ck_add_wide_f32(double *sum, const float *x, size_t count) { CK_CHOOSE(add_wide)(sum, x, count); }
double ck_add_squares_wide_f32(double *sum, const float *x, size_t count) { return CK_CHOOSE(add_squares_wide)(sum, x, count); }
double ck_sum_of_squares_f32(const float *x, size_t count) { return CK_CHOOSE(sum_of_squares)(x, count); }
void ck_squares_wide_f32(double *out, const float *x, size_t count) { CK_CHOOSE(squares_wide)(out, x, count); }
double ck_largest_f32(const float *x, size_t count) { return CK_CHOOSE(largest_magnitude)(x, count); }
void ck_add_fixed_f32(int64_t *sum, const float *x, size_t count, double scale) { CK_CHOOSE(add_fixed)(sum, x, count, scale); }
double ck_largest_f64(const double *x, size_t count) { return CK_CHOOSE(largest_magnitude_wide)(x, count); }
void ck_add_fixed_f64(int64_t *sum, const double *x, size_t count, double scale) { CK_CHOOSE(add_fixed_wide)(sum, x, count, scale); }
