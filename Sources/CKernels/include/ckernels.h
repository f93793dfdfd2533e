// Vector kernels of the encoder and of the statistics: everything that is not a matrix product.
//
// Each kernel exists for float and for double. The float kernels are compiled three times from one body (x86-64-v4 with
// AVX-512, x86-64-v3 with AVX2 and FMA, and the compiler's base) and chosen once, when the program is loaded. They use
// explicit 16-lane vectors, so that v3 and v4 give the same bits. The double kernels serve gradient checks and are plain C.
//
// Matrices are row-major; `stride` arguments count elements between the starts of two rows. Inputs and outputs may be the
// same memory where an argument is documented as "in place", and never otherwise.
#pragma once
#include <stddef.h>
#include <stdint.h>

// ---- Dispatch ----------------------------------------------------------------------------------------------------

enum ck_level { ck_level_base = 0, ck_level_v3 = 1, ck_level_v4 = 2 };

// The level in use.
int ck_level(void);
// Chooses another level, for tests; returns 0, or -1 if this processor does not have it.
int ck_select_level(int level);

// Functions of one number between two linear layers.
enum ck_activation {
  ck_gelu = 0,       // x Phi(x), exact (erf)
  ck_gelu_tanh = 1,  // x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
  ck_relu = 2,       // max(x, 0), with derivative 0 at 0
  ck_silu = 3,       // x / (1 + e^-x)
  ck_tanh = 4,       // tanh x
};

#define CK_DECLARE(T, S)                                                                                               \
  /* y[i] = f(x[i] + bias[i mod columns]), derivative[i] = f'(x[i] + bias[...]), where `kind` is a ck_activation. */    \
  /* x and activation may be the same memory, and derivative may be null. */                                           \
  void ck_activate_##S(int kind, const T *x, const T *bias, T *activation, T *derivative, size_t rows,                 \
                       size_t columns);                                                                                \
  /* In place: each row of a becomes softmax(scale * row). */                                                          \
  void ck_softmax_##S(T *a, size_t rows, size_t columns, size_t stride, T scale);                                      \
  /* In place on g: g = scale * p * (g - sum_j g_j p_j), row by row: the softmax's backward pass. */                    \
  void ck_softmax_backward_##S(const T *p, T *g, size_t rows, size_t columns, size_t p_stride, size_t g_stride,        \
                               T scale);                                                                               \
  /* z = x + bias + residual (bias and residual may be null); normalized = (z - mean) / sqrt(variance + epsilon);      */ \
  /* y = normalized * weight + offset; inverse_deviation[row] = 1 / sqrt(variance + epsilon). y may be x. */            \
  void ck_layer_norm_##S(const T *x, const T *bias, const T *residual, const T *weight, const T *offset, T *y,         \
                         T *normalized, T *inverse_deviation, size_t rows, size_t columns, T epsilon);                 \
  /* y = normalized * weight + offset: what ck_layer_norm gave as y, bit for bit. */                                    \
  void ck_affine_##S(const T *normalized, const T *weight, const T *offset, T *y, size_t rows, size_t columns);        \
  /* In place: g (the gradient at y) becomes the gradient at z. */                                                     \
  void ck_layer_norm_backward_##S(T *g, const T *normalized, const T *inverse_deviation, const T *weight, size_t rows, \
                                  size_t columns);                                                                     \
  /* y[row] += bias */                                                                                                 \
  void ck_add_bias_##S(T *y, const T *bias, size_t rows, size_t columns);                                              \
  /* y += x */                                                                                                         \
  void ck_add_##S(T *y, const T *x, size_t count);                                                                     \
  /* y += factor * x */                                                                                                \
  void ck_add_scaled_##S(T *y, const T *x, size_t count, T factor);                                                    \
  /* y *= x */                                                                                                         \
  void ck_multiply_##S(T *y, const T *x, size_t count);                                                                \
  /* In place: y = tanh(y + bias) */                                                                                   \
  void ck_tanh_##S(T *y, const T *bias, size_t rows, size_t columns);                                                  \
  /* In place: turns each pair (x[k], x[k + half]) of the `groups` groups of 2 * half columns of a row by the row's angle  */ \
  /* k, whose cosine and sine are [rows, half]; by minus the angle where `direction` is -1 instead of 1. */            \
  void ck_rotate_##S(T *x, size_t rows, size_t stride, size_t groups, size_t half, const T *cosines, const T *sines,   \
                     T direction);                                                                                     \
  /* scores[i, j] += a[i, p] + b[j, p] with p = places[i - j + columns - 1]; a or b may be null. */                    \
  void ck_add_by_distance_##S(T *scores, size_t stride, const T *a, size_t a_stride, const T *b, size_t b_stride,      \
                              const int32_t *places, size_t rows, size_t columns);                                     \
  /* Its backward pass: a[i, p] += g[i, j], b[j, p] += g[i, j]; a or b may be null. */                                 \
  void ck_sum_by_distance_##S(const T *g, size_t stride, T *a, size_t a_stride, T *b, size_t b_stride,                 \
                              const int32_t *places, size_t rows, size_t columns);                                     \
  /* g *= 1 - y * y */                                                                                                 \
  void ck_tanh_backward_##S(T *g, const T *y, size_t count);                                                           \
  /* out[j] = sum over rows of x[row, j] */                                                                            \
  void ck_column_sums_##S(const T *x, size_t rows, size_t columns, size_t stride, T *out);                             \
  /* out[j] = sum over rows of x[row, j] * y[row, j] */                                                                \
  void ck_column_dots_##S(const T *x, const T *y, size_t rows, size_t columns, size_t x_stride, size_t y_stride,       \
                          T *out);                                                                                     \
  /* out[h] = sum over rows and over the columns of group h of x * y; columns = groups * group size */                 \
  void ck_group_dots_##S(const T *x, const T *y, size_t rows, size_t columns, size_t groups, T *out);                  \
  /* sum[i] += x[i] in double */                                                                                       \
  void ck_add_wide_##S(double *sum, const T *x, size_t count);                                                         \
  /* sum[i] += x[i]^2 in double; returns the sum of all x[i]^2. */                                                     \
  double ck_add_squares_wide_##S(double *sum, const T *x, size_t count);                                               \
  /* The sum of all x[i]^2, in double. */                                                                              \
  double ck_sum_of_squares_##S(const T *x, size_t count);                                                              \
  /* out[i] = x[i]^2 in double */                                                                                      \
  void ck_squares_wide_##S(double *out, const T *x, size_t count);                                                     \
  /* The largest |x[i]|, or NaN where any x[i] is NaN or infinite; 0 for no elements. */                               \
  double ck_largest_##S(const T *x, size_t count);                                                                     \
  /* sum[i] += round(x[i] * scale), ties away from zero, modulo 2^64. All |x[i] * scale| must be below 2^62. */                     \
  void ck_add_fixed_##S(int64_t *sum, const T *x, size_t count, double scale);

CK_DECLARE(float, f32)
CK_DECLARE(double, f64)

// out[i] = x[i] * unit, and the other way round for nothing: a fixed-point sum read back.
void ck_fixed_to_double(const int64_t *x, double *out, size_t count, double unit);
// The largest |x[i]|; 0 for no elements.
int64_t ck_largest_fixed(const int64_t *x, size_t count);
