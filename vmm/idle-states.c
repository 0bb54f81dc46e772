/* SPDX-License-Identifier: BSD-3-Clause */
#include "idle-states.h"

#include <psci/abi.h>

/*
 * In the original format, which every version of PSCI has. 0 is standby with or
 * without --idle-states, so that a guest which knows of nothing else finds the
 * same.
 *
 * The latencies are the orders of magnitude of an exit to userspace and back,
 * and of what Linux saves and restores besides. The residencies are no
 * break-even point, since nothing is saved over a WFI: they keep both states to
 * stays that are long compared with their cost.
 */
const struct idle_state idle_states[IDLE_STATE_COUNT] = {
	{
		.name = "standby",
		.power_state = 0,
		.entry_latency = 20,
		.exit_latency = 40,
		.min_residency = 1000,
	},
	{
		.name = "powerdown",
		.power_state = PSCI_POWER_STATE_TYPE_MASK,
		.powers_down = true,
		.entry_latency = 50,
		.exit_latency = 150,
		.min_residency = 5000,
	},
};
