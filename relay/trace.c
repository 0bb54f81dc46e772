/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last PSCI calls, for who looks for a fault: a ring that all CPUs write without a lock.
 * A record is whole if its number is the one that was asked for, before and after it was
 * read; while it is written its number is NOT_WHOLE.
 */
#include <stdatomic.h>

#include "../arch/arm64/sysreg.h"
#include "relay.h"

#define NOT_WHOLE UINT64_MAX

struct slot {
	_Atomic uint64_t number;
	_Atomic uint64_t result;
	struct relay_trace record;
};

static struct slot ring[RELAY_TRACE_SIZE];
static _Atomic uint64_t next;

uint64_t trace_begin(enum relay_trace_kind kind, uint64_t x0, uint64_t x1, uint64_t x2)
{
	const uint64_t number = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed);
	struct slot *slot = &ring[number % RELAY_TRACE_SIZE];

	atomic_store_explicit(&slot->number, NOT_WHOLE, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	slot->record.time = sysreg_read(cntpct_el0);
	slot->record.kind = kind;
	slot->record.cpu = this_cpu()->number;
	slot->record.x[0] = x0;
	slot->record.x[1] = x1;
	slot->record.x[2] = x2;
	atomic_store_explicit(&slot->result, RELAY_NO_RESULT, memory_order_relaxed);
	atomic_store_explicit(&slot->number, number, memory_order_release);

	return number;
}

/* If another CPU takes the slot in between, that record has a wrong answer, and no more. */
void trace_end(uint64_t number, uint64_t result)
{
	struct slot *slot = &ring[number % RELAY_TRACE_SIZE];

	if (atomic_load_explicit(&slot->number, memory_order_relaxed) == number)
		atomic_store_explicit(&slot->result, result, memory_order_relaxed);
}

uint64_t trace_next(void)
{
	return atomic_load_explicit(&next, memory_order_relaxed);
}

bool trace_read(uint64_t number, struct relay_trace *record)
{
	struct slot *slot = &ring[number % RELAY_TRACE_SIZE];

	if (number >= trace_next() ||
	    atomic_load_explicit(&slot->number, memory_order_acquire) != number)
		return false;
	*record = slot->record;
	record->number = number;
	record->result = atomic_load_explicit(&slot->result, memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);

	return atomic_load_explicit(&slot->number, memory_order_relaxed) == number;
}
