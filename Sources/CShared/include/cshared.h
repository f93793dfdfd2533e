// What the processes of one node share, and what their kernel tells them: atomic words and spin locks in shared memory,
// counters of signals, and the end of a process whose launcher is gone.
//
// Swift has no atomics that work on memory it does not own, and a signal handler has to be a C function that touches
// nothing but a word. Everything here is lock-free on a 64-bit processor, so it also works between processes that map
// the same pages at different addresses.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// --- Atomic words: 64-bit integers, aligned to 8 bytes ----------------------------------------------------------------

// Sees everything that was written before the store that it reads from.
static inline int64_t cshared_load(const int64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
// Everything written before is seen by whoever loads this value.
static inline void cshared_store(int64_t *word, int64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
// Gives the previous value.
static inline int64_t cshared_fetch_add(int64_t *word, int64_t value) {
  return __atomic_fetch_add(word, value, __ATOMIC_ACQ_REL);
}
// Replaces the word by the larger of itself and `value`; gives the previous value.
static inline int64_t cshared_fetch_max(int64_t *word, int64_t value) {
  int64_t previous = __atomic_load_n(word, __ATOMIC_ACQUIRE);
  while (previous < value &&
         !__atomic_compare_exchange_n(word, &previous, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
  }
  return previous;
}
// Replaces the word by `desired` if it is `expected`; whether it was.
static inline bool cshared_compare_exchange(int64_t *word, int64_t expected, int64_t desired) {
  return __atomic_compare_exchange_n(word, &expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

// --- Spin locks: 32-bit integers, aligned to 4 bytes; 0 is free --------------------------------------------------------

// Waits until the lock is free and takes it. Gives way to other processes where that takes long: the owner may have
// lost its processor, which happens as soon as there are more ranks than cores.
void cshared_lock(int32_t *lock);
// Gives the lock back; what was written under it is seen by the next owner.
static inline void cshared_unlock(int32_t *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

// --- Signals ------------------------------------------------------------------------------------------------------------

// Installs handlers for SIGUSR1, SIGUSR2 and SIGTERM that only count. System calls that they interrupt go on. Whether
// all could be installed.
bool cshared_install_signals(void);
// SIGTERM ends the process again.
void cshared_end_on_termination(void);
// Whether these handlers are the ones in place now.
bool cshared_signals_are_ours(void);
// How many SIGUSR1 have arrived since then.
int64_t cshared_checkpoint_requests(void);
// How many SIGUSR2 and SIGTERM have.
int64_t cshared_stop_requests(void);
// The last of those, or 0.
int32_t cshared_last_stop(void);

// Has a crash (SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV) say so on standard error before whatever was to happen
// then: "error: PLACE" followed by the signal, its likely cause and a hint. At most 255 bytes of `place` are kept.
void cshared_report_crashes(const char *place);

// Asks the kernel to kill this process (SIGKILL) when its parent ends, where there is such a thing (Linux).
void cshared_end_with_parent(void);
