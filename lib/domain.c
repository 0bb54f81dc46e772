/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tree of power domains: which cores sleep together, and how deeply.
 *
 * Every core and domain is a node. What a node requests for its own level and
 * for those above it is in node.request[]: nothing while any core beneath it
 * runs. Its own depth is therefore request[level]. A core that goes to sleep or
 * wakes changes the nodes from itself upwards, up to the first that stays as it
 * is.
 */
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>

const uint8_t psci_depth_off[PSCI_POWER_LEVEL_COUNT] = {
	PSCI_DEPTH_MAX,
	PSCI_DEPTH_MAX,
	PSCI_DEPTH_MAX,
	PSCI_DEPTH_MAX,
};

const uint8_t psci_depth_run[PSCI_POWER_LEVEL_COUNT] = { PSCI_DEPTH_RUN };

bool psci_request_equals(const uint8_t a[PSCI_POWER_LEVEL_COUNT],
			 const uint8_t b[PSCI_POWER_LEVEL_COUNT])
{
	for (unsigned int i = 0; i < PSCI_POWER_LEVEL_COUNT; i++) {
		if (a[i] != b[i])
			return false;
	}

	return true;
}

static void copy_request(struct psci_node *node, const uint8_t request[PSCI_POWER_LEVEL_COUNT])
{
	for (unsigned int i = node->level; i < PSCI_POWER_LEVEL_COUNT; i++)
		node->request[i] = request[i];
}

static void set_request(struct locked m, struct psci_node *node,
			const uint8_t request[PSCI_POWER_LEVEL_COUNT])
{
	const bool moves = node->request[node->level] != request[node->level];

	if (moves)
		psci_stat_end(m, node);
	copy_request(node, request);
	if (moves)
		psci_stat_begin(m, node);
}

int psci_node_init(struct locked m, struct psci_node *node, unsigned int level)
{
	*node = (struct psci_node){ .level = (uint8_t)level };
	copy_request(node, psci_depth_off);

	return psci_stat_init(m, node);
}

/*
 * Searches for the pointer without following it: it may be another machine's
 * domain, or none.
 */
static bool is_domain_of(struct locked m, const struct psci_domain *domain, unsigned int level)
{
	for (const struct psci_domain *each = m.machine->domains; each; each = each->next) {
		if (each == domain)
			return each->node.level == level;
	}

	return false;
}

static void add_child(struct psci_domain *domain, struct psci_node *node)
{
	node->parent = domain;
	node->sibling = domain->children;
	domain->children = node;
}

static int add_domain(struct locked m, struct psci_domain *domain, unsigned int level,
		      struct psci_domain *parent)
{
	if (m.machine->booted || (parent && !is_domain_of(m, parent, level + 1)))
		return PSCI_ERR_INVALID;

	struct psci_node node;
	const int err = psci_node_init(m, &node, level);

	if (err)
		return err;

	*domain = (struct psci_domain){
		.node = node,
		.next = m.machine->domains,
		.number = m.machine->domains ? m.machine->domains->number + 1 : 0,
	};
	m.machine->domains = domain;
	if (parent)
		add_child(parent, &domain->node);

	return PSCI_OK;
}

int psci_domain_init(struct psci_domain *domain, struct psci_machine *machine, unsigned int level,
		     struct psci_domain *parent)
{
	if (level < 1 || level >= PSCI_POWER_LEVEL_COUNT)
		return PSCI_ERR_INVALID;

	const struct locked m = machine_lock(machine);
	const int err = add_domain(m, domain, level, parent);

	machine_unlock(m);

	return err;
}

int psci_vcpu_place(struct psci_vcpu *vcpu, struct psci_domain *domain)
{
	const struct locked m = machine_lock(vcpu->machine);
	int err = PSCI_ERR_INVALID;

	if (!m.machine->booted && !vcpu->node.parent && is_domain_of(m, domain, 1)) {
		add_child(domain, &vcpu->node);
		err = PSCI_OK;
	}
	machine_unlock(m);

	return err;
}

struct psci_node *psci_node_at(struct psci_vcpu *vcpu, unsigned int level)
{
	struct psci_node *node = &vcpu->node;

	while (node && node->level < level)
		node = node->parent ? &node->parent->node : NULL;

	return node;
}

/*
 * Returns what a domain requests for a level, now that the last of its cores,
 * beneath @child, has gone to sleep.
 *
 * Platform-coordinated: what all its children tolerate. OS-initiated: what the
 * last one requested, which has been checked; but CPU_OFF is coordinated among
 * its callers in either mode, and names no state (DEN0022F.b, CPU_SUSPEND).
 */
static uint8_t coordinate(struct locked m, const struct psci_domain *domain,
			  const struct psci_node *child, unsigned int level)
{
	uint8_t shallowest = PSCI_DEPTH_MAX;

	for (const struct psci_node *each = domain->children; each; each = each->sibling) {
		if (each->request[level] < shallowest)
			shallowest = each->request[level];
	}
	if (!m.machine->os_initiated || shallowest == PSCI_DEPTH_MAX)
		return shallowest;

	return child->request[level] == PSCI_DEPTH_MAX ? PSCI_DEPTH_RUN : child->request[level];
}

void psci_node_sleep(struct locked m, struct psci_vcpu *vcpu,
		     const uint8_t request[PSCI_POWER_LEVEL_COUNT])
{
	const struct psci_node *child = &vcpu->node;

	set_request(m, &vcpu->node, request);
	for (struct psci_domain *domain = child->parent; domain; domain = child->parent) {
		uint8_t combined[PSCI_POWER_LEVEL_COUNT] = { 0 };

		if (--domain->awake)
			return;
		for (unsigned int i = domain->node.level; i < PSCI_POWER_LEVEL_COUNT; i++)
			combined[i] = coordinate(m, domain, child, i);
		set_request(m, &domain->node, combined);
		child = &domain->node;
	}
}

void psci_node_wake(struct locked m, struct psci_vcpu *vcpu)
{
	struct psci_domain *domain = vcpu->node.parent;

	set_request(m, &vcpu->node, psci_depth_run);
	for (; domain && domain->awake++ == 0; domain = domain->node.parent)
		set_request(m, &domain->node, psci_depth_run);
}

static void reset_node(struct locked m, struct psci_node *node)
{
	copy_request(node, psci_depth_off);
	psci_stat_reset(m, node);
}

void psci_node_reset_all(struct locked m)
{
	for (struct psci_vcpu *vcpu = m.machine->vcpus; vcpu; vcpu = vcpu->next)
		reset_node(m, &vcpu->node);
	for (struct psci_domain *domain = m.machine->domains; domain; domain = domain->next) {
		reset_node(m, &domain->node);
		domain->awake = 0;
	}
}

void psci_node_recount(struct locked m)
{
	for (struct psci_domain *domain = m.machine->domains; domain; domain = domain->next)
		domain->awake = 0;
	for (struct psci_vcpu *vcpu = m.machine->vcpus; vcpu; vcpu = vcpu->next) {
		struct psci_domain *domain = vcpu->node.parent;

		if (vcpu->node.request[0] != PSCI_DEPTH_RUN)
			continue;
		for (; domain && domain->awake++ == 0; domain = domain->node.parent) {
			copy_request(&domain->node, psci_depth_run);
			domain->node.counted = false;
		}
	}
}

/*
 * DEN0022F.b, NODE_HW_STATE. The library is the power controller of its
 * machine, so the answer is never stale. A vCPU is off until its own thread has
 * started it.
 */
struct outcome psci_fn_node_hw_state(struct locked m, const struct args *a)
{
	struct psci_vcpu *target = psci_index_find(m, a->arg[0]);
	const uint32_t level = (uint32_t)a->arg[1]; /* 32 bits in both conventions. */
	const struct psci_node *node = target ? psci_node_at(target, level) : NULL;

	if (!node)
		return run_with(PSCI_RET_INVALID_PARAMETERS);
	if (node->request[node->level] >= PSCI_DEPTH_OFF)
		return run_with(PSCI_NODE_HW_STATE_HW_OFF);
	if (node->request[node->level] > PSCI_DEPTH_RUN)
		return run_with(PSCI_NODE_HW_STATE_HW_STANDBY);

	return run_with(PSCI_NODE_HW_STATE_HW_ON);
}
