#include "include/average.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "include/ckernels.h"

// A fused product and sum would give other bits on processors that have one.
#pragma STDC FP_CONTRACT OFF

typedef float f16 __attribute__((ext_vector_type(16)));
typedef double d16 __attribute__((ext_vector_type(16)));
typedef uint64_t u8 __attribute__((ext_vector_type(8)));

#define NAME(x) x##_base
#include "average_body.inc"
#undef NAME

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define NAME(x) x##_v3
#include "average_body.inc"
#undef NAME
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#define NAME(x) x##_v4
#include "average_body.inc"
#undef NAME
#pragma clang attribute pop
#define CHOOSE(x) (ck_level() == ck_level_v4 ? x##_v4 : ck_level() == ck_level_v3 ? x##_v3 : x##_base)
#else
#define CHOOSE(x) x##_base
#endif

void ck_add_products(double weight, const float *x, double *sum, size_t count, int first) {
  CHOOSE(add_products)(weight, x, sum, count, first);
}
void ck_add_products_each(const double *weights, const float *x, double *sum, size_t count, int first) {
  CHOOSE(add_products_each)(weights, x, sum, count, first);
}
void ck_store_quotients(const double *sum, double divisor, float *y, size_t count) {
  CHOOSE(store_quotients)(sum, divisor, y, count);
}
void ck_store_quotients_each(const double *sum, const double *divisors, float *y, size_t count) {
  CHOOSE(store_quotients_each)(sum, divisors, y, count);
}
void ck_add_weighted(const struct ck_weighting *weighting, const float *theta, const double *sums, double *numerator,
                     double *denominator, size_t count) {
  CHOOSE(add_weighted)(*weighting, theta, sums, numerator, denominator, count);
}
size_t ck_count_below(const double *x, double bound, size_t count) { return CHOOSE(count_below)(x, bound, count); }
void ck_add_products_below(double weight, const float *x, double *numerator, const double *denominator, double bound,
                           size_t count) {
  CHOOSE(add_products_below)(weight, x, numerator, denominator, bound, count);
}
void ck_store_merged(const double *numerator, const double *denominator, double bound, double plain, float *y,
                     size_t count) {
  CHOOSE(store_merged)(numerator, denominator, bound, plain, y, count);
}

ptrdiff_t ck_measure_sums(const double *x, size_t count, double *total, double *largest) {
  // A piece with something invalid is looked through again, while it is in the first-level cache.
  const size_t piece = 1024;
  for (size_t first = 0; first < count; first += piece) {
    size_t length = count - first < piece ? count - first : piece;
    uint64_t bits = CHOOSE(measure_piece)(x + first, length, total);
    if (bits >= UINT64_C(0x7FF0000000000000)) {
      for (size_t i = first;; i++)
        if (!(x[i] >= 0 && x[i] < INFINITY)) return (ptrdiff_t)i;
    }
    double found;
    memcpy(&found, &bits, 8);
    if (found > *largest) *largest = found;
  }
  return -1;
}

double ck_squared_distance(const float *x, const float *y, size_t count) {
  return CHOOSE(squared_distance)(x, y, count);
}
