/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_SUSPEND, CPU_DEFAULT_SUSPEND and PSCI_SET_SUSPEND_MODE: a vCPU waits for an
 * interrupt, in one of the power states that the host described.
 */
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>

/*
 * IMPLEMENTATION DEFINED: which power states there are if the host describes
 * none. There is one, of a core alone: standby, StateID 0 in the original
 * format.
 */
static const struct psci_idle_state standby = { .power_state = 0, .depth = { 1 } };

/* --- the power states of a machine --- */

unsigned int psci_idle_state_level(const struct psci_idle_state *state)
{
	unsigned int level = PSCI_POWER_LEVEL_COUNT - 1;

	while (level > 0 && state->depth[level] == PSCI_DEPTH_RUN)
		level--;

	return level;
}

/* Returns whether power_state itself agrees with what the host says that it means. */
static bool is_format_valid(const struct psci_idle_state *state, bool extended)
{
	const uint32_t value = state->power_state;
	const bool power_down = state->depth[0] >= PSCI_DEPTH_OFF;

	if (extended)
		return !(value & PSCI_POWER_STATE_EXT_MBZ_MASK) &&
		       !(value & PSCI_POWER_STATE_EXT_TYPE_MASK) == !power_down;

	return !(value & PSCI_POWER_STATE_MBZ_MASK) &&
	       !(value & PSCI_POWER_STATE_TYPE_MASK) == !power_down &&
	       (value & PSCI_POWER_STATE_LEVEL_MASK) >> PSCI_POWER_STATE_LEVEL_SHIFT ==
		       psci_idle_state_level(state);
}

static bool is_state_valid(const struct psci_idle_state *state, bool extended)
{
	const unsigned int level = psci_idle_state_level(state);

	for (unsigned int i = 0; i <= level; i++) {
		if (state->depth[i] == PSCI_DEPTH_RUN)
			return false;
	}
	if (state->last_level && state->last_level <= level)
		return false;

	return state->last_level < PSCI_POWER_LEVEL_COUNT && is_format_valid(state, extended);
}

static const struct psci_idle_state *find(const struct psci_idle_state *states, size_t count,
					  uint32_t power_state)
{
	for (size_t i = 0; i < count; i++) {
		if (states[i].power_state == power_state)
			return &states[i];
	}

	return NULL;
}

const struct psci_idle_state *psci_idle_state_find(struct locked m, uint32_t power_state)
{
	return find(m.machine->idle_states, m.machine->idle_state_count, power_state);
}

/* Returns the state that CPU_DEFAULT_SUSPEND uses, or NULL. */
static const struct psci_idle_state *find_default(const struct psci_idle_state *states,
						  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (psci_idle_state_level(&states[i]) == 0)
			return &states[i];
	}

	return NULL;
}

const char *psci_idle_states_problem(const struct psci_config *config)
{
	const struct psci_idle_state *states = config->idle_states;
	const bool has_default =
		config->enable_functions & PSCI_FN_BIT(PSCI_FN32_CPU_DEFAULT_SUSPEND);

	if (!states && config->idle_state_count)
		return "psci_config.idle_states is NULL, and idle_state_count is not 0";
	if (states && !config->idle_state_count)
		return "psci_config.idle_state_count is 0, and idle_states is not NULL";
	if (config->extended_state_id && (!states || config->version < PSCI_VERSION_1_0))
		return "psci_config.extended_state_id needs idle_states and version 1.0";
	for (size_t i = 0; i < config->idle_state_count; i++) {
		if (!is_state_valid(&states[i], config->extended_state_id))
			return "psci_config.idle_states has a state that contradicts itself";
		if (find(states, i, states[i].power_state))
			return "psci_config.idle_states has one power_state twice";
	}
	if (states && has_default && !find_default(states, config->idle_state_count))
		return "psci_config.idle_states has none for CPU_DEFAULT_SUSPEND";

	return NULL;
}

void psci_idle_states_set(struct psci_machine *machine, const struct psci_config *config)
{
	machine->idle_states = config->idle_states ? config->idle_states : &standby;
	machine->idle_state_count = config->idle_states ? config->idle_state_count : 1;
	machine->extended_state_id = config->extended_state_id;
}

/* DEN0022F.b, PSCI_FEATURES: CPU_SUSPEND has flags. */
uint32_t psci_features_cpu_suspend(const struct psci_machine *machine)
{
	uint32_t flags = 0;

	if (is_offered(machine, PSCI_FN32_PSCI_SET_SUSPEND_MODE))
		flags |= PSCI_FEATURES_CPU_SUSPEND_OS_INITIATED;
	if (machine->extended_state_id)
		flags |= PSCI_FEATURES_CPU_SUSPEND_EXTENDED_STATE_ID;

	return flags;
}

/* --- OS-initiated mode --- */

/*
 * Returns the least depth in which a node of a level must sleep while its
 * parent is as deep as @depth: as the power states that the host described
 * combine the two.
 */
static uint8_t least_below(struct locked m, unsigned int level, uint8_t depth)
{
	uint8_t least = PSCI_DEPTH_MAX;

	for (size_t i = 0; i < m.machine->idle_state_count; i++) {
		const struct psci_idle_state *state = &m.machine->idle_states[i];

		if (state->depth[level + 1] == depth && state->depth[level] < least)
			least = state->depth[level];
	}

	return least;
}

/* Returns whether all others beneath the domain of @child sleep as deeply as @state needs. */
static bool are_siblings_ready(struct locked m, const struct psci_node *child,
			       const struct psci_idle_state *state)
{
	const uint8_t least = least_below(m, child->level, state->depth[child->level + 1]);

	for (const struct psci_node *each = child->parent->children; each; each = each->sibling) {
		if (each != child && each->request[each->level] < least)
			return false;
	}

	return true;
}

/*
 * DEN0022F.b, OS-initiated mode: the guest requests a state of a domain with
 * the last of its cores, and the request is checked.
 */
static int32_t check_os_initiated(struct locked m, struct psci_vcpu *caller,
				  const struct psci_idle_state *state)
{
	const unsigned int level = psci_idle_state_level(state);
	const unsigned int last_level = state->last_level ? state->last_level : level;

	for (unsigned int i = 0; i < last_level; i++) {
		if (psci_node_at(caller, i)->parent->awake > 1)
			return PSCI_RET_DENIED;
	}
	for (unsigned int i = 0; i < level; i++) {
		if (!are_siblings_ready(m, psci_node_at(caller, i), state))
			return PSCI_RET_INVALID_PARAMETERS;
	}

	return PSCI_RET_SUCCESS;
}

/* --- calls --- */

bool psci_vcpu_is_powered_down(const struct psci_vcpu *vcpu)
{
	return vcpu->node.request[0] >= PSCI_DEPTH_OFF;
}

static struct outcome sleep(struct locked m, struct psci_vcpu *caller,
			    const struct psci_idle_state *state)
{
	psci_node_sleep(m, caller, state->depth);
	caller->state = PSCI_STATE_SUSPENDED;

	return (struct outcome){ .next = PSCI_NEXT_SLEEP, .result = PSCI_RET_SUCCESS };
}

/*
 * DEN0022F.b, CPU_SUSPEND. Entry point and context id are those of a power-down
 * state; a standby state returns to the next instruction and must ignore them.
 */
struct outcome psci_fn_cpu_suspend(struct locked m, const struct args *a)
{
	const uint32_t power_state = (uint32_t)a->arg[0]; /* 32 bits in both conventions. */
	const struct psci_idle_state *state = psci_idle_state_find(m, power_state);
	struct psci_entry entry = a->caller->entry;
	int32_t result = PSCI_RET_SUCCESS;

	if (!state || !psci_node_at(a->caller, psci_idle_state_level(state)) ||
	    !psci_node_at(a->caller, state->last_level))
		return run_with(PSCI_RET_INVALID_PARAMETERS);
	if (state->depth[0] >= PSCI_DEPTH_OFF)
		result = psci_entry_read(m, a, a->arg[1], a->arg[2], &entry);
	if (result == PSCI_RET_SUCCESS && m.machine->os_initiated)
		result = check_os_initiated(m, a->caller, state);
	if (result != PSCI_RET_SUCCESS)
		return run_with(result);

	a->caller->entry = entry;
	a->caller->entry.wake = true;
	m.machine->suspend_called = true;

	return sleep(m, a->caller, state);
}

/*
 * DEN0022F.b, CPU_DEFAULT_SUSPEND. IMPLEMENTATION DEFINED: which state. It is
 * the first one of a core alone that the host described. The caller cannot know
 * its type, so the entry point must be valid in any case.
 */
struct outcome psci_fn_cpu_default_suspend(struct locked m, const struct args *a)
{
	struct psci_entry entry;
	const int32_t result = psci_entry_read(m, a, a->arg[0], a->arg[1], &entry);

	if (result != PSCI_RET_SUCCESS)
		return run_with(result);

	a->caller->entry = entry;
	a->caller->entry.wake = true;
	a->caller->default_suspend = true;

	return sleep(m, a->caller,
		     find_default(m.machine->idle_states, m.machine->idle_state_count));
}

/* Returns whether @vcpu prevents a change to OS-initiated mode. */
static bool is_platform_coordinated(const struct psci_vcpu *vcpu)
{
	switch ((enum psci_vcpu_state)vcpu->state) {
	case PSCI_STATE_OFF:
	case PSCI_STATE_ON_PENDING:
	case PSCI_STATE_ON:
		return false;
	case PSCI_STATE_SUSPENDED:
		return !vcpu->default_suspend;
	case PSCI_STATE_FROZEN:
		break;
	}

	return true;
}

static bool may_change_mode(struct locked m, const struct psci_vcpu *caller)
{
	const bool to_os_initiated = !m.machine->os_initiated;

	if (to_os_initiated && m.machine->suspend_called)
		return false;
	for (const struct psci_vcpu *vcpu = m.machine->vcpus; vcpu; vcpu = vcpu->next) {
		if (to_os_initiated ? is_platform_coordinated(vcpu)
				    : vcpu != caller && vcpu->state != PSCI_STATE_OFF)
			return false;
	}

	return true;
}

/*
 * DEN0022F.b, PSCI_SET_SUSPEND_MODE. Into OS-initiated mode only while no vCPU
 * is suspended in the other one, and back only for a caller that alone is on.
 * IMPLEMENTATION DEFINED: a change to the mode that is already set is granted.
 */
struct outcome psci_fn_set_suspend_mode(struct locked m, const struct args *a)
{
	const uint32_t mode = (uint32_t)a->arg[0];

	if (mode != PSCI_SUSPEND_MODE_PLATFORM_COORDINATED &&
	    mode != PSCI_SUSPEND_MODE_OS_INITIATED)
		return run_with(PSCI_RET_INVALID_PARAMETERS);
	if (m.machine->os_initiated == (mode == PSCI_SUSPEND_MODE_OS_INITIATED))
		return run_with(PSCI_RET_SUCCESS);
	if (!may_change_mode(m, a->caller))
		return run_with(PSCI_RET_DENIED);

	m.machine->os_initiated = !m.machine->os_initiated;
	m.machine->suspend_called = false;

	return run_with(PSCI_RET_SUCCESS);
}
