#include "conversions.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// Loads, stores and bit casts go through memcpy: the compiler makes single (vector) moves of them, aligned or not.

static inline uint16_t ck_load16(const void *source, ptrdiff_t index) {
  uint16_t value;
  memcpy(&value, (const char *)source + 2 * index, 2);
  return value;
}

static inline uint32_t ck_load32(const void *source, ptrdiff_t index) {
  uint32_t value;
  memcpy(&value, (const char *)source + 4 * index, 4);
  return value;
}

static inline uint64_t ck_load64(const void *source, ptrdiff_t index) {
  uint64_t value;
  memcpy(&value, (const char *)source + 8 * index, 8);
  return value;
}

static inline void ck_store16(void *target, ptrdiff_t index, uint16_t value) {
  memcpy((char *)target + 2 * index, &value, 2);
}

static inline void ck_store32(void *target, ptrdiff_t index, uint32_t value) {
  memcpy((char *)target + 4 * index, &value, 4);
}

static inline uint32_t ck_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

static inline float ck_single(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static inline double ck_double(uint64_t bits) {
  double value;
  memcpy(&value, &bits, 8);
  return value;
}

#define NAME(x) x##_base
#include "conversions_body.h"
#undef NAME

#if defined(__x86_64__) && defined(__clang__)

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define NAME(x) x##_v3
#include "conversions_body.h"
#undef NAME
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#pragma clang attribute push(__attribute__((min_vector_width(512))), apply_to = function)
#define NAME(x) x##_v4
#include "conversions_body.h"
#undef NAME
#pragma clang attribute pop
#pragma clang attribute pop

static int ck_level(void) {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
    return 4;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
      __builtin_cpu_supports("bmi2"))
    return 3;
  return 1;
}

// The processor does not change, and every thread would find the same level: no lock is needed around the first call,
// only an access that is one instruction.
static int ck_cached_level(void) {
  static int level = 0;
  int known = __atomic_load_n(&level, __ATOMIC_RELAXED);
  if (known == 0) {
    known = ck_level();
    __atomic_store_n(&level, known, __ATOMIC_RELAXED);
  }
  return known;
}

#define DISPATCH(x, ...) \
  (ck_cached_level() == 4 ? x##_v4(__VA_ARGS__) : ck_cached_level() == 3 ? x##_v3(__VA_ARGS__) : x##_base(__VA_ARGS__))

#else

#define DISPATCH(x, ...) x##_base(__VA_ARGS__)

#endif

void ck_f16_to_f32(const void *source, float *target, ptrdiff_t count) { DISPATCH(f16_to_f32, source, target, count); }

void ck_f16_to_f64(const void *source, double *target, ptrdiff_t count) { DISPATCH(f16_to_f64, source, target, count); }

void ck_bf16_to_f32(const void *source, float *target, ptrdiff_t count) {
  DISPATCH(bf16_to_f32, source, target, count);
}

void ck_bf16_to_f64(const void *source, double *target, ptrdiff_t count) {
  DISPATCH(bf16_to_f64, source, target, count);
}

void ck_f32_to_f64(const void *source, double *target, ptrdiff_t count) { DISPATCH(f32_to_f64, source, target, count); }

void ck_f64_to_f32(const void *source, void *target, ptrdiff_t count) { DISPATCH(f64_to_f32, source, target, count); }

void ck_f32_to_f16(const float *source, void *target, ptrdiff_t count) { DISPATCH(f32_to_f16, source, target, count); }

void ck_f32_to_bf16(const float *source, void *target, ptrdiff_t count) {
  DISPATCH(f32_to_bf16, source, target, count);
}

void ck_f64_to_f16(const double *source, void *target, ptrdiff_t count) { DISPATCH(f64_to_f16, source, target, count); }

void ck_f64_to_bf16(const double *source, void *target, ptrdiff_t count) {
  DISPATCH(f64_to_bf16, source, target, count);
}

// Long runs are tested piece by piece; only a piece that has a hit is looked through one by one.
static const ptrdiff_t piece = 4096;

static ptrdiff_t lesser(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

ptrdiff_t ck_first_non_finite_16(const void *source, ptrdiff_t count, int exponent_mask) {
  uint16_t mask = (uint16_t)exponent_mask;
  for (ptrdiff_t first = 0; first < count; first += piece) {
    ptrdiff_t end = lesser(first + piece, count);
    if (!DISPATCH(any_non_finite_16, source, first, end, mask)) continue;
    for (ptrdiff_t i = first; i < end; i++)
      if ((ck_load16(source, i) & mask) == mask) return i;
  }
  return -1;
}

ptrdiff_t ck_first_non_finite_32(const void *source, ptrdiff_t count) {
  for (ptrdiff_t first = 0; first < count; first += piece) {
    ptrdiff_t end = lesser(first + piece, count);
    if (!DISPATCH(any_non_finite_32, source, first, end)) continue;
    for (ptrdiff_t i = first; i < end; i++)
      if ((ck_load32(source, i) & 0x7F800000u) == 0x7F800000u) return i;
  }
  return -1;
}

ptrdiff_t ck_first_non_finite_64(const void *source, ptrdiff_t count) {
  const uint64_t mask = 0x7FF0000000000000u;
  for (ptrdiff_t first = 0; first < count; first += piece) {
    ptrdiff_t end = lesser(first + piece, count);
    if (!DISPATCH(any_non_finite_64, source, first, end)) continue;
    for (ptrdiff_t i = first; i < end; i++)
      if ((ck_load64(source, i) & mask) == mask) return i;
  }
  return -1;
}
