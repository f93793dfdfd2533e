#include "include/average.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// A fused product and sum would give other bits on processors that have one.
#pragma STDC FP_CONTRACT OFF

typedef float f16 __attribute__((ext_vector_type(16)));
typedef double d16 __attribute__((ext_vector_type(16)));
typedef double d8 __attribute__((ext_vector_type(8)));
typedef uint64_t u8 __attribute__((ext_vector_type(8)));

#define BODY "average_body.inc"
#include "each_level.inc"

void ck_add_products(double weight, const float *x, double *sum, size_t count, int first) {
  CK_CHOOSE(add_products)(weight, x, sum, count, first);
}
void ck_add_products_each(const double *weights, const float *x, double *sum, size_t count, int first) {
  CK_CHOOSE(add_products_each)(weights, x, sum, count, first);
}
void ck_store_quotients(const double *sum, double divisor, float *y, size_t count) {
  CK_CHOOSE(store_quotients)(sum, divisor, y, count);
}
void ck_store_quotients_each(const double *sum, const double *divisors, float *y, size_t count) {
  CK_CHOOSE(store_quotients_each)(sum, divisors, y, count);
}
void ck_add_weighted(const struct ck_weighting *weighting, const float *theta, const double *sums, double *numerator,
                     double *denominator, size_t count) {
  CK_CHOOSE(add_weighted)(*weighting, theta, sums, numerator, denominator, count);
}
size_t ck_count_below(const double *x, double bound, size_t count) { return CK_CHOOSE(count_below)(x, bound, count); }
void ck_add_products_below(double weight, const float *x, double *numerator, const double *denominator, double bound,
                           size_t count) {
  CK_CHOOSE(add_products_below)(weight, x, numerator, denominator, bound, count);
}
void ck_store_merged(const double *numerator, const double *denominator, double bound, double plain, float *y,
                     size_t count) {
  CK_CHOOSE(store_merged)(numerator, denominator, bound, plain, y, count);
}

ptrdiff_t ck_measure_sums(const double *x, size_t count, size_t place, double *squares, double *largest) {
  // A piece with something invalid is looked through again, while it is in the first-level cache.
  const size_t piece = 1024;
  for (size_t first = 0; first < count; first += piece) {
    size_t length = count - first < piece ? count - first : piece;
    uint64_t bits = CK_CHOOSE(measure_piece)(x + first, length, place + first, squares);
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
  return CK_CHOOSE(squared_distance)(x, y, count);
}
