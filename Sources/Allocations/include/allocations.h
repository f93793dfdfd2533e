// Counts what a program asks the system for memory. Linked into an executable, it stands before the C library's
// functions for all of the process, its libraries included.
#ifndef FISHERMERGE_ALLOCATIONS_H
#define FISHERMERGE_ALLOCATIONS_H

/// Calls of malloc, calloc, realloc and the functions for aligned memory, of all threads, since the start.
unsigned long allocations_heap(void);

/// Calls of mmap, but for those of the C library itself.
unsigned long allocations_maps(void);

/// Whether they are counted at all, which takes glibc.
int allocations_are_counted(void);

#endif
