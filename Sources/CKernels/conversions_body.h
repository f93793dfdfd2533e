// The bodies of conversions.c, included once per processor variant with NAME(x) giving the variant's symbol.
//
// Integer arithmetic on the bit patterns, so that the compiler turns each loop into vector code on every variant and no
// variant depends on a conversion instruction that another one lacks. No pattern takes a branch.

static inline float NAME(half_to_single)(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  uint32_t magnitude = (uint32_t)(half & 0x7FFF) << 13;
  // Re-bias the exponent from 15 to 127; infinity and NaN move on to 255.
  uint32_t normal = magnitude + (magnitude >= 0x0F800000u ? (224u << 23) : (112u << 23));
  // A subnormal half is mantissa · 2^-24: put the mantissa below the leading one of 2^-14 and take 2^-14 away.
  uint32_t subnormal = ck_bits(ck_single(magnitude + (113u << 23)) - ck_single(113u << 23));
  return ck_single((magnitude < 0x00800000u ? subnormal : normal) | sign);
}

static inline uint16_t NAME(single_to_half)(float value) {
  uint32_t bits = ck_bits(value);
  uint32_t magnitude = bits & 0x7FFFFFFFu;
  // Below 2^-14 the result is subnormal: adding 0.5, whose last place is 2^-24, makes the addition do the rounding.
  uint32_t subnormal = ck_bits(ck_single(magnitude) + 0.5f) - 0x3F000000u;
  // Else re-bias and round to nearest even in the 13 bits that go; a carry reaches infinity where it should.
  uint32_t normal = (magnitude - (112u << 23) + 0xFFFu + ((magnitude >> 13) & 1u)) >> 13;
  uint32_t special = magnitude > 0x7F800000u ? 0x7E00u : 0x7C00u;
  uint32_t finite = magnitude < 0x38800000u ? subnormal : normal;
  return (uint16_t)((magnitude >= 0x47800000u ? special : finite) | (bits >> 16 & 0x8000u));
}

static inline uint16_t NAME(single_to_bfloat)(float value) {
  uint32_t bits = ck_bits(value);
  uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  uint32_t quiet = bits >> 16 | 0x0040u;
  return (uint16_t)((bits & 0x7FFFFFFFu) > 0x7F800000u ? quiet : rounded);
}

// Double to single, rounded to odd: an inexact result is truncated and its last bit set. The 24 bits of a single are
// more than two beyond those of a half or a bfloat, so that rounding the result once more equals rounding the double
// once (Boldo and Melquiond, "When double rounding is odd", 2005).
static inline float NAME(double_to_odd_single)(double value) {
  float nearest = (float)value;
  double back = (double)nearest;
  uint32_t bits = ck_bits(nearest);
  uint32_t truncated = bits - (__builtin_fabs(back) > __builtin_fabs(value) ? 1u : 0u);
  return ck_single(back == value ? bits : truncated | 1u);
}

static void NAME(f16_to_f32)(const void *source, float *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) target[i] = NAME(half_to_single)(ck_load16(source, i));
}

static void NAME(f16_to_f64)(const void *source, double *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) target[i] = NAME(half_to_single)(ck_load16(source, i));
}

static void NAME(bf16_to_f32)(const void *source, float *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) target[i] = ck_single((uint32_t)ck_load16(source, i) << 16);
}

static void NAME(bf16_to_f64)(const void *source, double *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) target[i] = ck_single((uint32_t)ck_load16(source, i) << 16);
}

static void NAME(f32_to_f64)(const void *source, double *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) target[i] = ck_single(ck_load32(source, i));
}

static void NAME(f64_to_f32)(const void *source, void *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) ck_store32(target, i, ck_bits((float)ck_double(ck_load64(source, i))));
}

static void NAME(f32_to_f16)(const float *source, void *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) ck_store16(target, i, NAME(single_to_half)(source[i]));
}

static void NAME(f32_to_bf16)(const float *source, void *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) ck_store16(target, i, NAME(single_to_bfloat)(source[i]));
}

static void NAME(f64_to_f16)(const double *source, void *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++)
    ck_store16(target, i, NAME(single_to_half)(NAME(double_to_odd_single)(source[i])));
}

static void NAME(f64_to_bf16)(const double *source, void *target, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++)
    ck_store16(target, i, NAME(single_to_bfloat)(NAME(double_to_odd_single)(source[i])));
}

// Whether an element of a short run has all exponent bits set: no early exit, so that it becomes vector code.

static bool NAME(any_non_finite_16)(const void *source, ptrdiff_t first, ptrdiff_t end, uint16_t mask) {
  uint16_t any = 0;
  for (ptrdiff_t i = first; i < end; i++) any |= (ck_load16(source, i) & mask) == mask ? 1 : 0;
  return any != 0;
}

static bool NAME(any_non_finite_32)(const void *source, ptrdiff_t first, ptrdiff_t end) {
  uint32_t any = 0;
  for (ptrdiff_t i = first; i < end; i++) any |= (ck_load32(source, i) & 0x7F800000u) == 0x7F800000u ? 1u : 0u;
  return any != 0;
}

static bool NAME(any_non_finite_64)(const void *source, ptrdiff_t first, ptrdiff_t end) {
  const uint64_t mask = 0x7FF0000000000000u;
  uint64_t any = 0;
  for (ptrdiff_t i = first; i < end; i++) any |= (ck_load64(source, i) & mask) == mask ? 1u : 0u;
  return any != 0;
}
