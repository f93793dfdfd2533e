// The double kernels: the definitions, written out. Gradient checks use them; no run does.
#include "include/ckernels.h"

#include <math.h>

static double function_f64(int kind, double u) {
  switch (kind) {
  case ck_gelu: return u * 0.5 * erfc(-u * M_SQRT1_2);
  case ck_gelu_tanh: return 0.5 * u * (1 + tanh(0.7978845608028654 * (u + 0.044715 * u * u * u)));
  case ck_relu: return u < 0 ? 0 : u;
  case ck_tanh: return tanh(u);
  default: return u / (1 + exp(-u));
  }
}

static double derivative_f64(int kind, double u) {
  switch (kind) {
  case ck_gelu: return 0.5 * erfc(-u * M_SQRT1_2) + u * exp(-0.5 * u * u) * 0.3989422804014327;
  case ck_gelu_tanh: {
    double t = tanh(0.7978845608028654 * (u + 0.044715 * u * u * u));
    return 0.5 * (1 + t) + 0.5 * u * (1 - t * t) * 0.7978845608028654 * (1 + 3 * 0.044715 * u * u);
  }
  case ck_relu: return u > 0;
  case ck_tanh: return 1 - tanh(u) * tanh(u);
  default: {
    double p = 1 / (1 + exp(-u));
    return p + u * p * (1 - p);
  }
  }
}

void ck_activate_f64(int kind, const double *x, const double *bias, double *activation, double *derivative, size_t rows,
                     size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t j = 0; j < columns; j++) {
      double u = x[row * columns + j] + bias[j];
      activation[row * columns + j] = function_f64(kind, u);
      if (derivative) derivative[row * columns + j] = derivative_f64(kind, u);
    }
  }
}

void ck_softmax_f64(double *a, size_t rows, size_t columns, size_t stride, double scale) {
  for (size_t row = 0; row < rows; row++, a += stride) {
    double top = -INFINITY, total = 0;
    for (size_t j = 0; j < columns; j++) top = fmax(top, a[j]);
    for (size_t j = 0; j < columns; j++) total += a[j] = exp((a[j] - top) * scale);
    for (size_t j = 0; j < columns; j++) a[j] /= total;
  }
}

void ck_softmax_backward_f64(const double *p, double *g, size_t rows, size_t columns, size_t p_stride, size_t g_stride, double scale) {
  for (size_t row = 0; row < rows; row++, p += p_stride, g += g_stride) {
    double mean = 0;
    for (size_t j = 0; j < columns; j++) mean += p[j] * g[j];
    for (size_t j = 0; j < columns; j++) g[j] = scale * p[j] * (g[j] - mean);
  }
}

void ck_layer_norm_f64(const double *x, const double *bias, const double *residual, const double *weight, const double *offset,
                       double *y, double *normalized, double *inverse_deviation, size_t rows, size_t columns, double epsilon) {
  for (size_t row = 0; row < rows; row++) {
    double *n = normalized + row * columns, mean = 0, variance = 0;
    for (size_t j = 0; j < columns; j++) {
      n[j] = x[row * columns + j] + (bias ? bias[j] : 0) + (residual ? residual[row * columns + j] : 0);
      mean += n[j] / columns;
    }
    for (size_t j = 0; j < columns; j++) variance += (n[j] - mean) * (n[j] - mean) / columns;
    inverse_deviation[row] = 1 / sqrt(variance + epsilon);
    for (size_t j = 0; j < columns; j++) {
      n[j] = (n[j] - mean) * inverse_deviation[row];
      y[row * columns + j] = n[j] * weight[j] + offset[j];
    }
  }
}

void ck_affine_f64(const double *normalized, const double *weight, const double *offset, double *y, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, normalized += columns, y += columns)
    for (size_t j = 0; j < columns; j++) y[j] = normalized[j] * weight[j] + offset[j];
}

void ck_layer_norm_backward_f64(double *g, const double *normalized, const double *inverse_deviation, const double *weight,
                                size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, g += columns, normalized += columns) {
    double mean = 0, projection = 0;
    for (size_t j = 0; j < columns; j++) {
      mean += g[j] * weight[j] / columns;
      projection += g[j] * weight[j] * normalized[j] / columns;
    }
    for (size_t j = 0; j < columns; j++)
      g[j] = inverse_deviation[row] * (g[j] * weight[j] - mean - normalized[j] * projection);
  }
}

void ck_add_bias_f64(double *y, const double *bias, size_t rows, size_t columns) {
  for (size_t i = 0; i < rows * columns; i++) y[i] += bias[i % columns];
}
void ck_add_f64(double *y, const double *x, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] += x[i];
}
void ck_add_scaled_f64(double *y, const double *x, size_t count, double factor) {
  for (size_t i = 0; i < count; i++) y[i] += factor * x[i];
}
void ck_multiply_f64(double *y, const double *x, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] *= x[i];
}
void ck_tanh_f64(double *y, const double *bias, size_t rows, size_t columns) {
  for (size_t i = 0; i < rows * columns; i++) y[i] = tanh(y[i] + bias[i % columns]);
}
void ck_tanh_backward_f64(double *g, const double *y, size_t count) {
  for (size_t i = 0; i < count; i++) g[i] *= 1 - y[i] * y[i];
}
void ck_rotate_f64(double *x, size_t rows, size_t stride, size_t groups, size_t half, const double *cosines, const double *sines,
                   double direction) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t h = 0; h < groups; h++) {
      double *u = x + row * stride + 2 * h * half, *v = u + half;
      for (size_t k = 0; k < half; k++) {
        double c = cosines[row * half + k], s = direction * sines[row * half + k], old = u[k];
        u[k] = old * c - v[k] * s;
        v[k] = v[k] * c + old * s;
      }
    }
  }
}
void ck_add_by_distance_f64(double *scores, size_t stride, const double *a, size_t a_stride, const double *b, size_t b_stride,
                            const int32_t *places, size_t rows, size_t columns) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) {
      size_t place = (size_t)places[i + columns - 1 - j];
      scores[i * stride + j] += (a ? a[i * a_stride + place] : 0) + (b ? b[j * b_stride + place] : 0);
    }
}
void ck_sum_by_distance_f64(const double *g, size_t stride, double *a, size_t a_stride, double *b, size_t b_stride,
                            const int32_t *places, size_t rows, size_t columns) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) {
      size_t place = (size_t)places[i + columns - 1 - j];
      if (a) a[i * a_stride + place] += g[i * stride + j];
      if (b) b[j * b_stride + place] += g[i * stride + j];
    }
}
void ck_column_sums_f64(const double *x, size_t rows, size_t columns, size_t stride, double *out) {
  for (size_t j = 0; j < columns; j++) out[j] = 0;
  for (size_t row = 0; row < rows; row++)
    for (size_t j = 0; j < columns; j++) out[j] += x[row * stride + j];
}
void ck_column_dots_f64(const double *x, const double *y, size_t rows, size_t columns, size_t x_stride, size_t y_stride, double *out) {
  for (size_t j = 0; j < columns; j++) out[j] = 0;
  for (size_t row = 0; row < rows; row++)
    for (size_t j = 0; j < columns; j++) out[j] += x[row * x_stride + j] * y[row * y_stride + j];
}
void ck_group_dots_f64(const double *x, const double *y, size_t rows, size_t columns, size_t groups, double *out) {
  for (size_t h = 0; h < groups; h++) out[h] = 0;
  for (size_t row = 0; row < rows; row++)
    for (size_t j = 0; j < columns; j++) out[j / (columns / groups)] += x[row * columns + j] * y[row * columns + j];
}
void ck_add_wide_f64(double *sum, const double *x, size_t count) { ck_add_f64(sum, x, count); }
double ck_add_squares_wide_f64(double *sum, const double *x, size_t count) {
  double total = 0;
  for (size_t i = 0; i < count; i++) {
    sum[i] += x[i] * x[i];
    total += x[i] * x[i];
  }
  return total;
}
double ck_sum_of_squares_f64(const double *x, size_t count) {
  double total = 0;
  for (size_t i = 0; i < count; i++) total += x[i] * x[i];
  return total;
}

void ck_squares_wide_f64(double *out, const double *x, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = x[i] * x[i];
}
void ck_fixed_to_double(const int64_t *x, double *out, size_t count, double unit) {
  for (size_t i = 0; i < count; i++) out[i] = (double)x[i] * unit;
}
int64_t ck_largest_fixed(const int64_t *x, size_t count) {
  int64_t top = 0;
  for (size_t i = 0; i < count; i++) {
    int64_t magnitude = x[i] < 0 ? -x[i] : x[i];
    top = magnitude > top ? magnitude : top;
  }
  return top;
}
