#include "include/packed_products.h"

// Functions that pass vectors are always inlined, so no vector ever crosses a call and its calling convention is moot.
#define INLINE static inline __attribute__((always_inline))
#pragma clang diagnostic ignored "-Wpsabi"
#define UNROLL _Pragma("clang loop unroll(full)")

#define BODY "packed_products_body.inc"
#include "each_level.inc"

void ck_multiply_panel(const float *a, size_t a_depth, size_t rows, const float *b, size_t depth, double *c) {
  CK_CHOOSE(multiply_panel)(a, a_depth, rows, b, depth, c);
}
