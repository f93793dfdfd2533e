// The part of OpenBLAS that LinearAlgebra calls. `cblas.h` itself includes complex.h, which defines a macro `I` and
// types that Swift cannot import well, so the few prototypes that are used are declared here.
#pragma once
#include <stdint.h>

enum copenblas_order { copenblas_row_major = 101 };
enum copenblas_transpose { copenblas_no_transpose = 111, copenblas_transposed = 112 };

void cblas_sgemm(int order, int transA, int transB, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc);
void cblas_dgemm(int order, int transA, int transB, int m, int n, int k, double alpha, const double *a, int lda,
                 const double *b, int ldb, double beta, double *c, int ldc);

char *openblas_get_corename(void);
char *openblas_get_config(void);
int openblas_get_num_threads(void);
void openblas_set_num_threads(int threads);
