/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI_STAT_RESIDENCY and PSCI_STAT_COUNT: how often, and how long, a core or
 * domain was in each of its states.
 *
 * A node's states are distinguished by their depth; each is counted under the
 * first power state that has this depth at the node's level and names no level
 * above it.
 */
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>

/* Returns the statistics of a node at a depth, or NULL if no power state names it. */
static struct psci_stat *find_stat(struct locked m, const struct psci_node *node, uint8_t depth)
{
	const struct psci_machine *machine = m.machine;
	struct psci_stat *found = NULL;
	uint8_t deepest = PSCI_DEPTH_RUN;

	for (size_t i = 0; i < machine->idle_state_count; i++) {
		const struct psci_idle_state *state = &machine->idle_states[i];
		const uint8_t here = state->depth[node->level];

		if (psci_idle_state_level(state) != node->level)
			continue;
		if (here == depth)
			return &node->stats[i];
		/* A node that is off, while no state names that, is in its deepest state. */
		if (depth == PSCI_DEPTH_MAX && here > deepest) {
			deepest = here;
			found = &node->stats[i];
		}
	}

	return found;
}

int psci_stat_init(struct locked m, struct psci_node *node)
{
	struct psci_machine *machine = m.machine;

	/* Even if the function is disabled, since a record that is restored may have counts. */
	if (!(machine->possible & PSCI_FN_BIT(PSCI_FN32_PSCI_STAT_COUNT)))
		return PSCI_OK;
	if (machine->stat_count - machine->stat_used < machine->idle_state_count)
		return PSCI_ERR_FULL;

	node->stats = &machine->stats[machine->stat_used];
	machine->stat_used += machine->idle_state_count;
	psci_stat_reset(m, node);

	return PSCI_OK;
}

void psci_stat_begin(struct locked m, struct psci_node *node)
{
	if (!node->stats || node->request[node->level] == PSCI_DEPTH_RUN)
		return;

	node->since = m.machine->host.now(m.machine->ctx);
	node->counted = true;
}

void psci_stat_end(struct locked m, struct psci_node *node)
{
	if (!node->counted)
		return;

	const uint64_t now = m.machine->host.now(m.machine->ctx);
	struct psci_stat *stat = find_stat(m, node, node->request[node->level]);

	node->counted = false;
	if (!stat)
		return;
	stat->residency += now - node->since;
	stat->count++;
}

/* DEN0022F.b, PSCI_STAT_RESIDENCY: all counts are zero when a power cycle begins. */
void psci_stat_reset(struct locked m, struct psci_node *node)
{
	node->counted = false;
	for (size_t i = 0; node->stats && i < m.machine->idle_state_count; i++)
		node->stats[i] = (struct psci_stat){ .count = 0 };
}

/*
 * Returns the statistics that a call requests, or NULL: there is no such core,
 * state, or domain.
 */
static const struct psci_stat *named_stat(struct locked m, const struct args *a)
{
	struct psci_vcpu *target = psci_index_find(m, a->arg[0]);
	/* 32 bits in both conventions. */
	const struct psci_idle_state *state = psci_idle_state_find(m, (uint32_t)a->arg[1]);

	if (!target || !state)
		return NULL;

	const unsigned int level = psci_idle_state_level(state);
	const struct psci_node *node = psci_node_at(target, level);

	return node ? find_stat(m, node, state->depth[level]) : NULL;
}

/* All values are numbers, none is an error; SMC32 returns their low 32 bits. */
static struct outcome tell(const struct args *a, uint64_t value)
{
	return run_with((int64_t)(a->smc64 ? value : (uint32_t)value));
}

/* DEN0022F.b, PSCI_STAT_RESIDENCY */
struct outcome psci_fn_stat_residency(struct locked m, const struct args *a)
{
	const struct psci_stat *stat = named_stat(m, a);

	return tell(a, stat ? stat->residency : 0);
}

/* DEN0022F.b, PSCI_STAT_COUNT */
struct outcome psci_fn_stat_count(struct locked m, const struct args *a)
{
	const struct psci_stat *stat = named_stat(m, a);

	return tell(a, stat ? stat->count : 0);
}
