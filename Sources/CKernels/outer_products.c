#include "include/outer_products.h"

#include "include/ckernels.h"

// Functions that pass vectors are always inlined, so no vector ever crosses a call and its calling convention is moot.
#define INLINE static inline __attribute__((always_inline))
#pragma clang diagnostic ignored "-Wpsabi"

// 160 rows of a panel are 20 KiB.
#define CACHED_ROWS 160

#define T float
#define NAME(x) x##_base
#define LANES 4
#include "outer_products_body.inc"
#undef NAME
#undef LANES

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define NAME(x) x##_v3
#define LANES 8
#include "outer_products_body.inc"
#undef NAME
#undef LANES
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#define NAME(x) x##_v4
#define LANES 16
#include "outer_products_body.inc"
#undef NAME
#undef LANES
#pragma clang attribute pop
#define CK_CHOOSE(x) (ck_level() == ck_level_v4 ? x##_v4 : ck_level() == ck_level_v3 ? x##_v3 : x##_base)
#else
#define CK_CHOOSE(x) x##_base
#endif
#undef T

// Serves gradient checks.
#define T double
#define NAME(x) x##_double
#define LANES 2
#include "outer_products_body.inc"

void ck_pack_panels_f32(const float *x, size_t rows, size_t columns, size_t stride, float *panels) {
  CK_CHOOSE(pack_panels)(x, rows, columns, stride, panels);
}

void ck_add_products_f32(const float *a, size_t a_rows, size_t first_row, size_t rows, const float *b, size_t b_rows, size_t panels,
                         size_t column_of_first, const ptrdiff_t *offsets, size_t examples, size_t groups, int squared,
                         double *sums, double *traces) {
  CK_CHOOSE(add_products)(a, a_rows, first_row, rows, b, b_rows, panels, column_of_first, offsets, examples, groups, squared, sums, traces);
}

void ck_pack_panels_f64(const double *x, size_t rows, size_t columns, size_t stride, double *panels) {
  pack_panels_double(x, rows, columns, stride, panels);
}

void ck_add_products_f64(const double *a, size_t a_rows, size_t first_row, size_t rows, const double *b, size_t b_rows, size_t panels,
                         size_t column_of_first, const ptrdiff_t *offsets, size_t examples, size_t groups, int squared,
                         double *sums, double *traces) {
  add_products_double(a, a_rows, first_row, rows, b, b_rows, panels, column_of_first, offsets, examples, groups, squared, sums, traces);
}
