#include "include/outer_products.h"

// Functions that pass vectors are always inlined, so no vector ever crosses a call and its calling convention is moot.
#define INLINE static inline __attribute__((always_inline))
#pragma clang diagnostic ignored "-Wpsabi"

static int rereads_operands;

int ck_rereads_operands(void) { return rereads_operands; }
void ck_select_rereading(int reread) { rereads_operands = reread; }

__attribute__((constructor)) static void select_rereading(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  // Zen 3 is of the same family. (Not every compiler's run-time library knows the name "znver4".)
  ck_select_rereading(__builtin_cpu_is("amdfam19h") && __builtin_cpu_supports("x86-64-v4"));
#endif
}

#define T float
#define BODY "outer_products_body.inc"
#include "each_level.inc"
#undef T

// Serves gradient checks.
#define T double
#define NAME(x) x##_double
#define LANES 2
#include "outer_products_body.inc"

void ck_pack_panels_f32(const float *x, size_t rows, size_t columns, size_t stride, float *panels) {
  CK_CHOOSE(pack_panels)(x, rows, columns, stride, panels);
}

void ck_sum_outer_products_f32(const float *a, size_t a_rows, size_t first_row, size_t rows, const float *b, size_t b_rows,
                               size_t panels, size_t column_of_first, const ptrdiff_t *offsets, size_t examples, size_t groups,
                               int squared, double *sums, double *traces) {
  CK_CHOOSE(sum_outer_products)(a, a_rows, first_row, rows, b, b_rows, panels, column_of_first, offsets, examples, groups,
                                squared, sums, traces);
}

void ck_pack_panels_f64(const double *x, size_t rows, size_t columns, size_t stride, double *panels) {
  pack_panels_double(x, rows, columns, stride, panels);
}

void ck_sum_outer_products_f64(const double *a, size_t a_rows, size_t first_row, size_t rows, const double *b, size_t b_rows,
                               size_t panels, size_t column_of_first, const ptrdiff_t *offsets, size_t examples, size_t groups,
                               int squared, double *sums, double *traces) {
  sum_outer_products_double(a, a_rows, first_row, rows, b, b_rows, panels, column_of_first, offsets, examples, groups, squared,
                            sums, traces);
}
