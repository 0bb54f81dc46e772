/* SPDX-License-Identifier: BSD-3-Clause */
#include "board/idle-states.h"

#include <psci/abi.h>

/*
 * In the original format, which every version of PSCI has. 0 is standby with or
 * without --idle-states, so a guest that knows no other state finds the same.
 * The latencies are the orders of magnitude of an exit to userspace and back,
 * and of what Linux saves and restores in addition. The residencies are no
 * break-even point, since nothing is saved over a WFI: they restrict the states
 * to stays that are long compared with their cost. A cluster has no power of
 * its own to save either: its states are for the coordination of its CPUs, and
 * PowerLevel 1 says that it is requested.
 */
const struct idle_state idle_states[IDLE_STATE_ALL_COUNT] = {
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
	{
		.name = "cluster-retention",
		.power_state = 0x1 | PSCI_POWER_STATE_TYPE_MASK | 1 << PSCI_POWER_STATE_LEVEL_SHIFT,
		.powers_down = true,
		.cluster = IDLE_CLUSTER_RETENTION,
		.entry_latency = 60,
		.exit_latency = 160,
		.min_residency = 10000,
	},
	{
		.name = "cluster-powerdown",
		.power_state = PSCI_POWER_STATE_TYPE_MASK | 1 << PSCI_POWER_STATE_LEVEL_SHIFT,
		.powers_down = true,
		.cluster = IDLE_CLUSTER_OFF,
		.entry_latency = 70,
		.exit_latency = 200,
		.min_residency = 20000,
	},
};

/* StateID contains two fields of the original format. */
uint32_t idle_state_value(const struct idle_state *state, bool extended)
{
	const uint32_t level =
		(state->power_state & PSCI_POWER_STATE_LEVEL_MASK) >> PSCI_POWER_STATE_LEVEL_SHIFT;

	if (!extended)
		return state->power_state;

	return (state->power_state & PSCI_POWER_STATE_ID_MASK) | level << 16 |
	       (state->powers_down ? PSCI_POWER_STATE_EXT_TYPE_MASK : 0);
}
