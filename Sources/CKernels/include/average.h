// Kernels of the merging rules: weighted sums of models in double precision, over all entries of a tensor.
//
// Compiled for three processor levels like the kernels of ckernels.h. Nothing is fused and no sum is reordered where it is
// not said, so that all levels and all builds give the same bits. Inputs may be unaligned and must not overlap outputs.
#pragma once
#include <stddef.h>

// sum[i] = weight x[i] where first is not 0, else sum[i] += weight x[i].
void ck_add_products(double weight, const float *x, double *sum, size_t count, int first);
// The same with a weight for every entry.
void ck_add_products_each(const double *weights, const float *x, double *sum, size_t count, int first);
// y[i] = sum[i] / divisor, rounded to float.
void ck_store_quotients(const double *sum, double divisor, float *y, size_t count);
// The same with a divisor for every entry.
void ck_store_quotients_each(const double *sum, const double *divisors, float *y, size_t count);

// How sums of one tensor become weights: w = coefficient max(max(m, floor_before) / norm, floor_after), where
// m = sum / divisor, or 0 where that is below the bound.
struct ck_weighting {
  double divisor, bound, floor_before, norm, floor_after, coefficient;
};

// numerator[i] += w theta[i], denominator[i] += w. A NaN passes through.
void ck_add_weighted(const struct ck_weighting *weighting, const float *theta, const double *sums, double *numerator,
                     double *denominator, size_t count);
// The number of x[i] below the bound.
size_t ck_count_below(const double *x, double bound, size_t count);
// numerator[i] += weight x[i] where denominator[i] is below the bound.
void ck_add_products_below(double weight, const float *x, double *numerator, const double *denominator, double bound,
                           size_t count);
// y[i] = numerator[i] / denominator[i], or / plain where the denominator is below the bound, rounded to float.
void ck_store_merged(const double *numerator, const double *denominator, double bound, double plain, float *y,
                     size_t count);

// squares[(place + i) mod 8] += x[i]^2, one after the other, and *largest = max(*largest, x[i]). The index of the first x[i] that
// is negative, infinite or NaN, and both are then without meaning; -1 where there is none.
ptrdiff_t ck_measure_sums(const double *x, size_t count, size_t place, double *squares, double *largest);

// The sum of (x[i] - y[i])^2 in double precision, in 16 partial sums; without y that of x[i]^2.
double ck_squared_distance(const float *x, const float *y, size_t count);
