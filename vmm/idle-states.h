/* SPDX-License-Identifier: BSD-3-Clause */
/* The power states of --idle-states: those that libpsci serves and the guest is told of. */
#ifndef VMM_IDLE_STATES_H
#define VMM_IDLE_STATES_H

#include <stdbool.h>
#include <stdint.h>

#define IDLE_STATE_COUNT 2

struct idle_state {
	const char *name;
	uint32_t power_state; /**< For CPU_SUSPEND, in the original format. */
	bool powers_down; /**< Else standby. */
	/* What a guest weighs before it enters one, in microseconds. */
	uint32_t entry_latency;
	uint32_t exit_latency;
	uint32_t min_residency;
};

/** The shallowest first. */
extern const struct idle_state idle_states[IDLE_STATE_COUNT];

#endif
