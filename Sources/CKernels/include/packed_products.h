// Products of few rows with a matrix that has been brought into shape once.
#pragma once
#include <stddef.h>

enum {
  // Rows of A that stand side by side.
  ck_packed_rows = 8,
  // Columns of B that stand side by side.
  ck_packed_columns = 32,
  // So many products are added in single precision; what comes of them, in double.
  ck_packed_piece = 128,
};

// c[i][j] = sum over k < depth of a[i / 8][k][i mod 8] * b[k][j] for `rows` rows, a multiple of 8, and 32 columns. `a_depth` is the
// number of k in a whole group of A's rows. A row has the same bits whatever the other rows are.
void ck_multiply_panel(const float *a, size_t a_depth, size_t rows, const float *b, size_t depth, double *c);
