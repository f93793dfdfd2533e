// Sums over examples of AᵀB and of (AᵀB)², where an example has few rows: the products of full Fishers and Gram matrices.
//
// A general matrix product spends most of its time on bringing operands into shape and on writing its result where there are only
// some twenty rows to sum over. Here the operands are brought into shape once for a whole block, and each example's product
// stays in registers until it is squared and added in double.
#pragma once
#include <stddef.h>

enum {
  // Columns of a panel.
  ck_panel = 32,
  // Rows of AᵀB that are computed together.
  ck_panel_rows = 4,
  // Partial sums of a trace: one for each column of a panel.
  ck_trace_lanes = ck_panel,
};

#define CK_DECLARE_PRODUCTS(T, S)                                                                                      \
  /* Cuts a matrix into panels of 32 columns: panels[p][row][column - 32 p], with zeros to the right of the last one.  */ \
  void ck_pack_panels_##S(const T *x, size_t rows, size_t columns, size_t stride, T *panels);                          \
  /* For every example e, whose rows are offsets[e] ..< offsets[e + 1], and each group g of A's rows, of which     \
     there are groups times as many as of B: P = AᵀB over these rows, in their order, in T. sums[i][j] is ΣP[i][j], or  \
     with `squared` ΣP[i][j]², in double; i counts from first_row of Aᵀ and j from the first column of b, up to         \
     32 * panels. With `squared` traces[e][0 ..< 32] += sums of P² over all i and panels. first_row and rows are       \
     multiples of 4. Of a symmetric sum, whose first column here is column_of_first, what is wholly below the diagonal \
     is left as it was in every panel; with column_of_first >= first_row + rows nothing is. An example's part has the same   \
     bits whatever the other examples are. */                                                                          \
  void ck_sum_outer_products_##S(const T *a, size_t a_rows, size_t first_row, size_t rows, const T *b, size_t b_rows,        \
                           size_t panels, size_t column_of_first, const ptrdiff_t *offsets, size_t examples,           \
                           size_t groups, int squared, double *sums, double *traces);

// Whether sums of products with AVX-512 read an operand again each time they use it, instead of keeping it in a register: at first,
// whether this is an AMD Zen 4. That executes 512 bits as two halves, so it can read twice beside each product, but has registers of 512
// bits for eleven rows of a product only; others execute two products and read twice at once, and would wait for what they read. The
// bits are the same.
int ck_rereads_operands(void);
// Chooses otherwise, for tests.
void ck_select_rereading(int reread);

CK_DECLARE_PRODUCTS(float, f32)
CK_DECLARE_PRODUCTS(double, f64)
