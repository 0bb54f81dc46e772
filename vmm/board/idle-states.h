/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The power states of --idle-states: libpsci serves them and the device tree
 * describes them.
 */
#ifndef VMM_IDLE_STATES_H
#define VMM_IDLE_STATES_H

#include <stdbool.h>
#include <stdint.h>

#define IDLE_STATE_COUNT 2 /* Of a CPU. */
#define IDLE_CLUSTER_STATE_COUNT 2 /* Of a cluster of them, with --idle-states=clusters. */
#define IDLE_STATE_ALL_COUNT (IDLE_STATE_COUNT + IDLE_CLUSTER_STATE_COUNT)

/** What a cluster does once all of its CPUs request it. */
enum idle_cluster {
	IDLE_CLUSTER_RUNS,
	IDLE_CLUSTER_RETENTION,
	IDLE_CLUSTER_OFF,
};

struct idle_state {
	const char *name;
	uint32_t power_state; /**< For CPU_SUSPEND, in the original format. */
	bool powers_down; /**< The CPU powers down; otherwise standby. */
	enum idle_cluster cluster;
	/* What a guest considers before it enters a state, in microseconds. */
	uint32_t entry_latency;
	uint32_t exit_latency;
	uint32_t min_residency;
};

/**
 * The states of a CPU, then those of its cluster; the shallowest first in each.
 */
extern const struct idle_state idle_states[IDLE_STATE_ALL_COUNT];

/** The power_state of a state, in the extended format if that is requested. */
uint32_t idle_state_value(const struct idle_state *state, bool extended);

/**
 * CPUs with the same affinity above level 0 are a cluster: the number of a
 * CPU's.
 */
#define IDLE_CLUSTER_OF(mpidr) ((uint64_t)(mpidr) >> 8)

#endif
