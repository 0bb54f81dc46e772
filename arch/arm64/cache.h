/* SPDX-License-Identifier: BSD-3-Clause */
/* For what others read past the caches: a CPU whose MMU is off, or after a reset. */
#ifndef ARCH_ARM64_CACHE_H
#define ARCH_ARM64_CACHE_H

#include <stddef.h>

/** Write back and drop what caches hold of a range. */
void cache_flush(const void *start, size_t size);

#endif
