// The compression function of SHA-256 (FIPS 180-4, section 6.2), by whatever the processor has for it.
//
// With the instructions for SHA-256, one message is limited by their latency: each needs the result of the one before. A second
// message in the same loop fills the gaps, so that two take little longer than one.
#pragma once
#include <stddef.h>
#include <stdint.h>

// The ways to compute it, which give the same bits: plain C, and the instructions of x86-64 for SHA-256.
enum cd_sha256_way { cd_sha256_plain = 0, cd_sha256_instructions = 1 };

// The way that is used: the instructions where the processor has them, unless another one was selected.
int cd_sha256_way(void);
// Selects a way, for tests. Returns 0, or -1 where the processor lacks it. Other threads may hash meanwhile.
int cd_sha256_select(int way);

// Takes `blocks` blocks of 64 bytes into the state.
void cd_sha256_blocks(uint32_t state[8], const void *data, size_t blocks);
// The same for two messages at once, or one after the other where that is as fast.
void cd_sha256_two_blocks(uint32_t first[8], const void *x, uint32_t second[8], const void *y, size_t blocks);
