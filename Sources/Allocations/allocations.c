#define _GNU_SOURCE
#include "allocations.h"

#include <stdlib.h>

#ifdef __GLIBC__

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc's own functions, under the names by which it lets others replace the usual ones.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_ulong heap;
static atomic_ulong maps;

static void count(atomic_ulong *counter) { atomic_fetch_add_explicit(counter, 1, memory_order_relaxed); }

void *malloc(size_t size) {
  count(&heap);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(&heap);
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count(&heap);
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count(&heap);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  void *found = memalign(alignment, size);
  if (found == NULL) return ENOMEM;
  *memory = found;
  return 0;
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  count(&maps);
  return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

unsigned long allocations_heap(void) { return atomic_load(&heap); }
unsigned long allocations_maps(void) { return atomic_load(&maps); }
int allocations_are_counted(void) { return 1; }

#else

unsigned long allocations_heap(void) { return 0; }
unsigned long allocations_maps(void) { return 0; }
int allocations_are_counted(void) { return 0; }

#endif
