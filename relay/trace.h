/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last PSCI calls, to find a fault: a ring that all CPUs write without a lock.
 * A record is whole if its number is the one that was asked for, before and after it was
 * read; while it is written its number is TRACE_NOT_WHOLE.
 */
#ifndef RELAY_TRACE_H
#define RELAY_TRACE_H

#include <stdatomic.h>

#include "relay.h"

#define TRACE_NOT_WHOLE UINT64_MAX

/** A record, where it is kept; a cache line. Each number in it is read and written whole. */
struct trace_slot {
	_Atomic uint64_t number;
	volatile uint64_t result;
	uint64_t time;
	uint64_t kind_and_cpu; /**< enum relay_trace_kind, and the CPU's number above it. */
	uint64_t x[3];
	uint64_t unused;
};

extern struct trace_slot trace_ring[RELAY_TRACE_SIZE];
extern _Atomic uint64_t trace_count;

/**
 * Write a record down, with x0 and of @x what is behind it; trace_end() adds the answer to it.
 * Sets @number to its number.
 */
static inline struct trace_slot *trace_begin(const struct cpu *cpu, enum relay_trace_kind kind,
					     uint64_t x0, const uint64_t x[3], uint64_t *number)
{
	struct trace_slot *slot;

	*number = atomic_fetch_add_explicit(&trace_count, 1, memory_order_relaxed);
	slot = &trace_ring[*number % RELAY_TRACE_SIZE];
	atomic_store_explicit(&slot->number, TRACE_NOT_WHOLE, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	slot->result = RELAY_NO_RESULT;
	slot->time = sysreg_read(cntpct_el0);
	slot->kind_and_cpu = cpu->number_shifted | kind;
	slot->x[0] = x0;
	slot->x[1] = x[1];
	slot->x[2] = x[2];
	atomic_store_explicit(&slot->number, *number, memory_order_release);

	return slot;
}

/* If another CPU takes the slot in between, that record has a wrong answer, and no more. */
static inline void trace_end(struct trace_slot *slot, uint64_t number, uint64_t result)
{
	if (atomic_load_explicit(&slot->number, memory_order_relaxed) == number)
		slot->result = result;
}

/** Read a record; false if it is not there (any more). */
bool trace_read(uint64_t number, struct relay_trace *record);

#endif
