// The part of OpenBLAS that LinearAlgebra calls. `cblas.h` itself includes complex.h, which defines a macro `I` and
// types that Swift cannot import well, so the few prototypes that are used are declared here.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum copenblas_order { copenblas_row_major = 101 };
enum copenblas_transpose { copenblas_no_transpose = 111, copenblas_transposed = 112 };
enum copenblas_triangle { copenblas_upper = 121 };
enum copenblas_side { copenblas_right = 142 };

void cblas_sgemm(int order, int transA, int transB, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc);
void cblas_dgemm(int order, int transA, int transB, int m, int n, int k, double alpha, const double *a, int lda,
                 const double *b, int ldb, double beta, double *c, int ldc);
void cblas_dsymm(int order, int side, int triangle, int m, int n, double alpha, const double *a, int lda,
                 const double *b, int ldb, double beta, double *c, int ldc);
void cblas_ssyrk(int order, int triangle, int trans, int n, int k, float alpha, const float *a, int lda, float beta,
                 float *c, int ldc);
void cblas_daxpy(int n, double alpha, const double *x, int stride_x, double *y, int stride_y);
void cblas_dscal(int n, double alpha, double *x, int stride_x);

// LAPACK, as Fortran exports it: matrices are column-major, all arguments are passed by address, and the lengths of the
// character arguments follow at the end.
void dpotrf_(const char *triangle, const int *n, double *a, const int *lda, int *info, size_t triangle_length);
void dpotrs_(const char *triangle, const int *n, const int *count, const double *a, const int *lda, double *b,
             const int *ldb, int *info, size_t triangle_length);
void dtrtri_(const char *triangle, const char *diagonal, const int *n, double *a, const int *lda, int *info,
             size_t triangle_length, size_t diagonal_length);
void dpocon_(const char *triangle, const int *n, const double *a, const int *lda, const double *norm,
             double *reciprocal_condition, double *work, int *integer_work, int *info, size_t triangle_length);
void dgesvd_(const char *left, const char *right, const int *m, const int *n, double *a, const int *lda, double *values,
             double *u, const int *ldu, double *vt, const int *ldvt, double *work, const int *work_size, int *info,
             size_t left_length, size_t right_length);
double dlansy_(const char *norm, const char *triangle, const int *n, const double *a, const int *lda, double *work,
               size_t norm_length, size_t triangle_length);

char *openblas_get_corename(void);
char *openblas_get_config(void);
int openblas_get_num_threads(void);
void openblas_set_num_threads(int threads);
