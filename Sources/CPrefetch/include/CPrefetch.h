// The instruction that brings memory near, which Swift has no word for.

#ifndef CPREFETCH_H
#define CPREFETCH_H

#include <stdint.h>

/// Begins to load the cache line at `address` and waits for nothing. Any address may be given.
static inline void CPrefetch(uintptr_t address) {
  __builtin_prefetch((const void *)address);
}

#endif
