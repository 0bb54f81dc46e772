/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/counter.h"

uint64_t counter_frequency(void)
{
	uint64_t frequency;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));

	return frequency;
}
