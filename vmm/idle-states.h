/* SPDX-License-Identifier: BSD-3-Clause */
/* The power states of --idle-states: as libpsci takes them, and as the guest is told. */
#ifndef VMM_IDLE_STATES_H
#define VMM_IDLE_STATES_H

#include <psci/power.h>

#include <stdint.h>

#define IDLE_STATE_COUNT 2

/** For CPU_SUSPEND, in the original format, the shallowest first. */
extern const struct psci_idle_state idle_states[IDLE_STATE_COUNT];

/** What a guest weighs before it enters one. */
struct idle_state_description {
	const char *name;
	uint32_t entry_latency; /**< All in microseconds. */
	uint32_t exit_latency;
	uint32_t min_residency;
};

/** In the same order. */
extern const struct idle_state_description idle_state_descriptions[IDLE_STATE_COUNT];

#endif
