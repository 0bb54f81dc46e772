/* SPDX-License-Identifier: BSD-3-Clause */
/* A lock for some instructions, between CPUs whose MMU and caches are on. */
#ifndef ARCH_ARM64_SPINLOCK_H
#define ARCH_ARM64_SPINLOCK_H

#include <stdatomic.h>

#include "sysreg.h"

static inline void spin_lock(atomic_flag *lock)
{
	/* Mostly it is free, and this is then one path without a jump. */
	while (__builtin_expect(atomic_flag_test_and_set_explicit(lock, memory_order_acquire), 0))
		cpu_relax();
}

static inline void spin_unlock(atomic_flag *lock)
{
	atomic_flag_clear_explicit(lock, memory_order_release);
}

#endif
