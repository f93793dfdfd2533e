// The compression function of SHA-256 (FIPS 180-4, section 6.2) by the instructions that processors have for it.
//
// One message is limited by the latency of these instructions, each of which needs the result of the one before. A second
// message in the same loop fills the gaps: two take no longer than one.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Whether this processor has the instructions; the functions below must not be called where it has not.
int ck_sha256_available(void);
// Takes `blocks` blocks of 64 bytes into the state.
void ck_sha256_blocks(uint32_t state[8], const void *data, size_t blocks);
// The same for two messages at once.
void ck_sha256_two_blocks(uint32_t first[8], const void *x, uint32_t second[8], const void *y, size_t blocks);
