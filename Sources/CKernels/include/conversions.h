// Conversions between the floating-point formats of model files and those of the program.
//
// Every address may be unaligned; `count` is in elements. Widening is exact. Narrowing rounds once, to nearest, ties to
// even; what is too large becomes an infinity; a NaN stays a NaN. All processor variants give the same bits.
#pragma once
#include <stddef.h>

void ck_f16_to_f32(const void *source, float *target, ptrdiff_t count);
void ck_f16_to_f64(const void *source, double *target, ptrdiff_t count);
void ck_bf16_to_f32(const void *source, float *target, ptrdiff_t count);
void ck_bf16_to_f64(const void *source, double *target, ptrdiff_t count);
void ck_f32_to_f64(const void *source, double *target, ptrdiff_t count);
void ck_f64_to_f32(const void *source, void *target, ptrdiff_t count);
void ck_f32_to_f16(const float *source, void *target, ptrdiff_t count);
void ck_f32_to_bf16(const float *source, void *target, ptrdiff_t count);
void ck_f64_to_f16(const double *source, void *target, ptrdiff_t count);
void ck_f64_to_bf16(const double *source, void *target, ptrdiff_t count);

// The index of the first NaN or infinity, -1 where there is none.
ptrdiff_t ck_first_non_finite_16(const void *source, ptrdiff_t count, int exponent_mask);
ptrdiff_t ck_first_non_finite_32(const void *source, ptrdiff_t count);
ptrdiff_t ck_first_non_finite_64(const void *source, ptrdiff_t count);
