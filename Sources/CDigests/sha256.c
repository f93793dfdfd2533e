#include "include/sha256.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t rotated(uint32_t x, int bits) { return x >> bits | x << (32 - bits); }

// Consecutive blocks whose words are expanded together, which does not depend on the state, so that the compiler makes vectors.
enum { lanes = 8 };

static inline void add_block(uint32_t state[8], const uint32_t words[64][lanes], int lane) {
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
#pragma clang loop unroll_count(16)
  for (int t = 0; t < 64; t++) {
    const uint32_t one =
        h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + (g ^ (e & (f ^ g))) + words[t][lane];
    const uint32_t two = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (c & (a ^ b)));
    h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

// Every processor's way.
static void add_blocks(uint32_t state[8], const uint8_t *data, size_t blocks) {
  while (blocks > 0) {
    const int count = blocks < lanes ? (int)blocks : lanes;
    uint32_t words[64][lanes];
    for (int lane = 0; lane < lanes; lane++) {
      const uint8_t *block = data + (lane < count ? 64 * lane : 0);
      for (int t = 0; t < 16; t++) {
        const uint8_t *w = block + 4 * t;
        words[t][lane] = (uint32_t)w[0] << 24 | (uint32_t)w[1] << 16 | (uint32_t)w[2] << 8 | w[3];
      }
    }
    for (int t = 16; t < 64; t++) {
      for (int lane = 0; lane < lanes; lane++) {
        const uint32_t x = words[t - 15][lane], y = words[t - 2][lane];
        words[t][lane] = words[t - 16][lane] + words[t - 7][lane] + (rotated(x, 7) ^ rotated(x, 18) ^ x >> 3) +
                         (rotated(y, 17) ^ rotated(y, 19) ^ y >> 10);
      }
    }
    for (int t = 0; t < 64; t++) {
      for (int lane = 0; lane < lanes; lane++) words[t][lane] += constants[t];
    }
    for (int lane = 0; lane < count; lane++) add_block(state, words, lane);
    data += 64 * (size_t)count;
    blocks -= (size_t)count;
  }
}

#if defined(__x86_64__)

#define SHA __attribute__((target("sha,sse4.1")))

// All loops over messages and rounds are unrolled, so that `count` and every index are known to the compiler.
SHA static inline __attribute__((always_inline)) void compress(int count, uint32_t *const states[],
                                                               const uint8_t *const data[], size_t blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i abef[2], cdgh[2];
  for (int m = 0; m < count; m++) {
    __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)states[m]), 0xB1);
    __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(states[m] + 4)), 0x1B);
    abef[m] = _mm_alignr_epi8(badc, hgfe, 8);
    cdgh[m] = _mm_blend_epi16(hgfe, badc, 0xF0);
  }
  for (size_t block = 0; block < blocks; block++) {
    __m128i words[2][4], abef_before[2], cdgh_before[2];
    for (int m = 0; m < count; m++) {
      abef_before[m] = abef[m];
      cdgh_before[m] = cdgh[m];
      for (int i = 0; i < 4; i++) {
        const __m128i *source = (const __m128i *)(data[m] + 64 * block + 16 * i);
        words[m][i] = _mm_shuffle_epi8(_mm_loadu_si128(source), big_endian);
      }
    }
#pragma clang loop unroll(full)
    for (int round = 0; round < 16; round++) {
      const __m128i constant = _mm_load_si128((const __m128i *)(constants + 4 * round));
      for (int m = 0; m < count; m++) {
        __m128i *w = words[m];
        const __m128i word = w[round % 4];
        const __m128i sum = _mm_add_epi32(word, constant);
        cdgh[m] = _mm_sha256rnds2_epu32(cdgh[m], abef[m], sum);
        abef[m] = _mm_sha256rnds2_epu32(abef[m], cdgh[m], _mm_shuffle_epi32(sum, 0x0E));
        if (round < 12) {
          __m128i next = _mm_sha256msg1_epu32(word, w[(round + 1) % 4]);
          next = _mm_add_epi32(next, _mm_alignr_epi8(w[(round + 3) % 4], w[(round + 2) % 4], 4));
          w[round % 4] = _mm_sha256msg2_epu32(next, w[(round + 3) % 4]);
        }
      }
    }
    for (int m = 0; m < count; m++) {
      abef[m] = _mm_add_epi32(abef[m], abef_before[m]);
      cdgh[m] = _mm_add_epi32(cdgh[m], cdgh_before[m]);
    }
  }
  for (int m = 0; m < count; m++) {
    __m128i feba = _mm_shuffle_epi32(abef[m], 0x1B);
    __m128i dchg = _mm_shuffle_epi32(cdgh[m], 0xB1);
    _mm_storeu_si128((__m128i *)states[m], _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(states[m] + 4), _mm_alignr_epi8(dchg, feba, 8));
  }
}

SHA static void add_blocks_by_instructions(uint32_t state[8], const uint8_t *data, size_t blocks) {
  compress(1, (uint32_t *const[]){state}, (const uint8_t *const[]){data}, blocks);
}

SHA static void add_two_blocks_by_instructions(uint32_t first[8], const uint8_t *x, uint32_t second[8], const uint8_t *y,
                                               size_t blocks) {
  compress(2, (uint32_t *const[]){first, second}, (const uint8_t *const[]){x, y}, blocks);
}

#endif

static _Atomic int way = cd_sha256_plain;

static int supports(int wanted) {
#if defined(__x86_64__)
  unsigned a, b, c, d;
  __builtin_cpu_init();
  if (wanted == cd_sha256_instructions) {
    return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) != 0;
  }
#endif
  return wanted == cd_sha256_plain;
}

int cd_sha256_way(void) { return way; }

int cd_sha256_select(int wanted) {
  if (!supports(wanted)) return -1;
  way = wanted;
  return 0;
}

__attribute__((constructor)) static void select_fastest_way(void) {
  for (int wanted = cd_sha256_instructions; cd_sha256_select(wanted) != 0; wanted--) {}
}

void cd_sha256_blocks(uint32_t state[8], const void *data, size_t blocks) {
#if defined(__x86_64__)
  if (way == cd_sha256_instructions) return add_blocks_by_instructions(state, data, blocks);
#endif
  add_blocks(state, data, blocks);
}

void cd_sha256_two_blocks(uint32_t first[8], const void *x, uint32_t second[8], const void *y, size_t blocks) {
#if defined(__x86_64__)
  if (way == cd_sha256_instructions) return add_two_blocks_by_instructions(first, x, second, y, blocks);
#endif
  cd_sha256_blocks(first, x, blocks);
  cd_sha256_blocks(second, y, blocks);
}
