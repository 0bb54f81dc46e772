/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace.h"

struct trace_slot trace_ring[RELAY_TRACE_SIZE] __attribute__((aligned(64)));
_Atomic uint64_t trace_count;

bool trace_read(uint64_t number, struct relay_trace *record)
{
	struct trace_slot *slot = &trace_ring[number % RELAY_TRACE_SIZE];

	if (atomic_load_explicit(&slot->number, memory_order_relaxed) != number ||
	    number >= atomic_load_explicit(&trace_count, memory_order_relaxed))
		return false;
	atomic_thread_fence(memory_order_acquire);
	record->time = slot->time;
	record->kind = (uint32_t)slot->kind_and_cpu;
	record->cpu = (uint32_t)(slot->kind_and_cpu >> 32);
	for (unsigned int i = 0; i < 3; i++)
		record->x[i] = slot->x[i];
	record->result = slot->result;
	atomic_thread_fence(memory_order_acquire);

	return atomic_load_explicit(&slot->number, memory_order_relaxed) == number;
}
