/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reference's power domains. Nothing is counted or passed up: every question looks at
 * all vCPUs.
 */
#include "reference.h"

#include <psci/abi.h>

const uint8_t ref_off_depth[4] = { 255, 255, 255, 255 };

static const struct psci_idle_state standby = { .power_state = 0, .depth = { 1 } };

/* The domain of vCPU @i at a level of 1 or 2, or -1. */
static int domain_of(const struct ref_machine *m, unsigned int i, unsigned int level)
{
	if (!m->platform->domains || level > 2)
		return -1;

	return level == 2 ? 2 : (int)(i / 2);
}

static bool is_in(const struct ref_machine *m, unsigned int i, int domain)
{
	return domain_of(m, i, 1) == domain || domain_of(m, i, 2) == domain;
}

/* Returns whether any vCPU runs in a domain, except @except. */
static bool runs(const struct ref_machine *m, int domain, unsigned int except)
{
	for (unsigned int i = 0; i < m->platform->vcpu_count; i++) {
		if (i != except && is_in(m, i, domain) && m->state[i] == REF_ON)
			return true;
	}

	return false;
}

/* How deeply a domain may sleep, if vCPU @last is the last to sleep in it. */
/* PSCI-CPU_SUSPEND-35 */
static uint8_t allowed(const struct ref_machine *m, int domain, unsigned int last,
		       unsigned int level)
{
	const uint8_t asked = m->depth[last][level];
	uint8_t tolerated = 255;

	for (unsigned int i = 0; i < m->platform->vcpu_count; i++) {
		if (is_in(m, i, domain) && m->depth[i][level] < tolerated)
			tolerated = m->depth[i][level];
	}
	if (!m->os_initiated || tolerated == 255)
		return tolerated;

	return asked == 255 ? 0 : asked;
}

void ref_sleep(struct ref_machine *m, unsigned int i, enum ref_state state, const uint8_t depth[4])
{
	m->state[i] = (uint8_t)state;
	for (unsigned int level = 0; level < 4; level++)
		m->depth[i][level] = depth[level];
	for (unsigned int level = 1; level < 3; level++) {
		const int domain = domain_of(m, i, level);

		if (domain >= 0 && !runs(m, domain, REF_VCPU_MAX))
			m->domain_depth[domain] = allowed(m, domain, i, level);
	}
}

void ref_run(struct ref_machine *m, unsigned int i)
{
	m->state[i] = REF_ON;
	m->by_default[i] = false;
	for (unsigned int level = 0; level < 4; level++)
		m->depth[i][level] = 0;
	for (int domain = 0; domain < REF_DOMAIN_COUNT; domain++) {
		if (is_in(m, i, domain))
			m->domain_depth[domain] = 0;
	}
}

static unsigned int level_of(const struct psci_idle_state *state)
{
	unsigned int highest = 0;

	for (unsigned int level = 0; level < 4; level++) {
		if (state->depth[level] != 0)
			highest = level;
	}

	return highest;
}

static unsigned int last_level_of(const struct psci_idle_state *state)
{
	return state->last_level > level_of(state) ? state->last_level : level_of(state);
}

const struct psci_idle_state *ref_find_state(const struct ref_machine *m, unsigned int i,
					     uint32_t power_state)
{
	if (!m->platform->states)
		return power_state == 0 ? &standby : NULL;
	for (size_t s = 0; s < m->platform->state_count; s++) {
		const struct psci_idle_state *state = &m->platform->states[s];
		const unsigned int level = last_level_of(state);

		if (state->power_state == power_state)
			return level == 0 || domain_of(m, i, level) >= 0 ? state : NULL;
	}

	return NULL;
}

const struct psci_idle_state *ref_default_state(const struct ref_machine *m)
{
	if (!m->platform->states)
		return &standby;
	for (size_t s = 0; s < m->platform->state_count; s++) {
		if (level_of(&m->platform->states[s]) == 0)
			return &m->platform->states[s];
	}

	return NULL;
}

/* The shallowest depth of a level that goes together with one of the level above. */
static uint8_t needed(const struct ref_machine *m, unsigned int level, uint8_t above)
{
	uint8_t least = 255;

	for (size_t s = 0; s < m->platform->state_count; s++) {
		const struct psci_idle_state *state = &m->platform->states[s];

		if (state->depth[level + 1] == above && state->depth[level] < least)
			least = state->depth[level];
	}

	return least;
}

/* How deeply the node of vCPU @other beneath a domain of a level sleeps. */
static uint8_t depth_below(const struct ref_machine *m, unsigned int other, unsigned int level)
{
	return level == 1 ? m->depth[other][0] : m->domain_depth[domain_of(m, other, level - 1)];
}

/* Returns whether two vCPUs lie in one domain of a level, but in different nodes beneath it. */
static bool are_siblings(const struct ref_machine *m, unsigned int i, unsigned int other,
			 unsigned int level)
{
	if (domain_of(m, other, level) != domain_of(m, i, level))
		return false;

	return level == 1 ? other != i
			  : domain_of(m, other, level - 1) != domain_of(m, i, level - 1);
}

/* PSCI-CPU_SUSPEND-33 PSCI-CPU_SUSPEND-34 */
int32_t ref_check_os_initiated(const struct ref_machine *m, unsigned int i,
			       const struct psci_idle_state *state)
{
	for (unsigned int level = 1; level <= last_level_of(state); level++) {
		if (runs(m, domain_of(m, i, level), i))
			return PSCI_RET_DENIED;
	}
	for (unsigned int level = 1; level <= level_of(state); level++) {
		const uint8_t least = needed(m, level - 1, state->depth[level]);

		for (unsigned int other = 0; other < m->platform->vcpu_count; other++) {
			if (are_siblings(m, i, other, level) &&
			    depth_below(m, other, level) < least)
				return PSCI_RET_INVALID_PARAMETERS;
		}
	}

	return PSCI_RET_SUCCESS;
}

/* PSCI-NODE_HW_STATE-30 PSCI-NODE_HW_STATE-31 PSCI-NODE_HW_STATE-32 */
int32_t ref_node_hw_state(const struct ref_machine *m, unsigned int i, uint32_t level)
{
	uint8_t depth = m->depth[i][0];

	if (level > 0) {
		const int domain = domain_of(m, i, level > 3 ? 3 : level);

		if (domain < 0)
			return PSCI_RET_INVALID_PARAMETERS;
		depth = m->domain_depth[domain];
	}
	if (depth == 0)
		return PSCI_NODE_HW_STATE_HW_ON;

	return depth < 128 ? PSCI_NODE_HW_STATE_HW_STANDBY : PSCI_NODE_HW_STATE_HW_OFF;
}

/*
 * PSCI-PSCI_SET_SUSPEND_MODE-30 PSCI-PSCI_SET_SUSPEND_MODE-31
 * PSCI-PSCI_SET_SUSPEND_MODE-32 PSCI-PSCI_SET_SUSPEND_MODE-33
 */
int32_t ref_set_suspend_mode(struct ref_machine *m, unsigned int caller, uint32_t mode)
{
	if (mode > 1)
		return PSCI_RET_INVALID_PARAMETERS;
	if (mode == m->os_initiated)
		return PSCI_RET_SUCCESS;
	if (mode == 1 && m->has_suspended)
		return PSCI_RET_DENIED;
	for (unsigned int i = 0; i < m->platform->vcpu_count; i++) {
		if (mode == 1 &&
		    (m->state[i] == REF_FROZEN || (m->state[i] == REF_ASLEEP && !m->by_default[i])))
			return PSCI_RET_DENIED;
		if (mode == 0 && i != caller && m->state[i] != REF_OFF)
			return PSCI_RET_DENIED;
	}
	m->os_initiated = mode == 1;
	m->has_suspended = false;

	return PSCI_RET_SUCCESS;
}
