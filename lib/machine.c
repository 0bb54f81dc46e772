/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine: its configuration, its vCPUs by MPIDR, its lives.
 */
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>

/* Whether there is a function in @fids, and no two have one id. */
static bool are_fids_0_1(const struct psci_fids_0_1 *fids)
{
	const uint32_t all[] = { fids->cpu_suspend, fids->cpu_off, fids->cpu_on, fids->migrate };
	bool any = false;

	for (unsigned int i = 0; i < 4; i++) {
		any = any || all[i];
		for (unsigned int j = 0; j < i; j++) {
			if (all[i] && all[i] == all[j])
				return false;
		}
	}

	return any;
}

bool psci_version_valid(uint32_t version, const struct psci_fids_0_1 *fids)
{
	switch (version) {
	case PSCI_VERSION_0_1:
		return are_fids_0_1(fids);
	case PSCI_VERSION_0_2:
	case PSCI_VERSION_1_0:
	case PSCI_VERSION_1_1:
	case PSCI_VERSION_1_2:
	case PSCI_VERSION_1_3:
		return true;
	default:
		return false;
	}
}

static bool is_host(const struct psci_host *host)
{
	return host && host->size == sizeof(*host) && host->kick && !host->lock == !host->unlock;
}

static bool is_power_of_two(size_t size)
{
	return size && (size & (size - 1)) == 0;
}

int psci_machine_init(struct psci_machine *machine, const struct psci_config *config)
{
	if (config->size != sizeof(*config) || !is_host(config->host))
		return PSCI_ERR_INVALID;
	if (!config->index || !is_power_of_two(config->index_size))
		return PSCI_ERR_INVALID;
	if (!config->stats && config->stat_count)
		return PSCI_ERR_INVALID;

	const uint32_t version = config->version ? config->version : PSCI_VERSION_1_3;

	if (!psci_version_valid(version, &config->fids_0_1) ||
	    config->disable_functions & ~psci_table_optional(version))
		return PSCI_ERR_INVALID;
	if (config->enable_functions & ~psci_table_may_enable(version))
		return PSCI_ERR_INVALID;
	if (!psci_idle_states_valid(config, version) || !psci_trusted_os_valid(config))
		return PSCI_ERR_INVALID;

	for (size_t i = 0; i < config->index_size; i++)
		config->index[i] = NULL;
	*machine = (struct psci_machine){
		.host = config->host,
		.ctx = config->ctx,
		.index = config->index,
		.index_size = config->index_size,
		.version = version,
		.offered = psci_table_offered(config, version),
		.possible = psci_table_possible(config),
		.hide_on_pending = config->hide_on_pending,
		.trusted_os = (uint8_t)config->trusted_os,
		.trusted_os_home = config->trusted_os_mpidr,
		.trusted_os_mpidr = config->trusted_os_mpidr,
		.stats = config->stats,
		.stat_count = config->stat_count,
		.fids_0_1 = config->fids_0_1,
	};
	psci_idle_states_set(machine, config);

	return PSCI_OK;
}

/*
 * The index is a hash table with open addressing and linear probing that only
 * grows. The four affinity fields are packed into 32 bits and mixed, so that
 * layouts which leave most of a field unused (KVM counts Aff0 to 15, then Aff1)
 * spread as well as any other. Each step can be undone, so no two MPIDRs mix
 * to the same 32 bits.
 */
static size_t first_slot(const struct psci_machine *machine, uint64_t mpidr)
{
	uint32_t hash = (uint32_t)mpidr | (uint32_t)((mpidr & PSCI_TARGET_AFF3_MASK) >> 8);

	hash ^= hash >> 16;
	hash *= UINT32_C(0x85ebca6b);
	hash ^= hash >> 13;
	hash *= UINT32_C(0xc2b2ae35);
	hash ^= hash >> 16;

	return hash & (machine->index_size - 1);
}

/* The slot of @mpidr, or the one where it belongs; NULL if all are others'. */
static struct psci_vcpu **find_slot(struct locked m, uint64_t mpidr)
{
	const struct psci_machine *machine = m.machine;
	const size_t first = first_slot(machine, mpidr);

	for (size_t i = 0; i < machine->index_size; i++) {
		struct psci_vcpu **slot = &machine->index[(first + i) & (machine->index_size - 1)];

		if (!*slot || (*slot)->mpidr == mpidr)
			return slot;
	}

	return NULL;
}

struct psci_vcpu *psci_index_find(struct locked m, uint64_t mpidr)
{
	struct psci_vcpu **slot = find_slot(m, mpidr);

	return slot ? *slot : NULL;
}

static int add_vcpu(struct locked m, struct psci_vcpu *vcpu, uint64_t mpidr, void *vctx)
{
	struct psci_vcpu **slot = find_slot(m, mpidr);

	if (m.machine->booted)
		return PSCI_ERR_INVALID;
	if (!slot)
		return PSCI_ERR_FULL;
	if (*slot)
		return PSCI_ERR_EXISTS;

	struct psci_node node;
	const int err = psci_node_init(m, &node, 0);

	if (err)
		return err;

	*vcpu = (struct psci_vcpu){
		.machine = m.machine,
		.vctx = vctx,
		.next = m.machine->vcpus,
		.mpidr = mpidr,
		.node = node,
		.state = VCPU_OFF,
	};
	m.machine->vcpus = vcpu;
	*slot = vcpu;

	return PSCI_OK;
}

int psci_vcpu_init(struct psci_vcpu *vcpu, struct psci_machine *machine, uint64_t mpidr, void *vctx)
{
	if (!is_affinity(mpidr))
		return PSCI_ERR_INVALID;

	const struct locked m = machine_lock(machine);
	const int err = add_vcpu(m, vcpu, mpidr, vctx);

	machine_unlock(m);

	return err;
}

int psci_machine_boot(struct psci_vcpu *vcpu, const struct psci_entry *entry)
{
	struct psci_machine *machine = vcpu->machine;

	if (!psci_entry_valid(entry))
		return PSCI_ERR_INVALID;

	const struct locked m = machine_lock(machine);

	machine->event = (struct psci_event){ .kind = PSCI_EVENT_NONE };
	machine->event_vcpu = NULL;
	machine->os_initiated = false;
	machine->suspend_called = false;
	machine->memory_protected = false;
	machine->booted = true;
	machine->trusted_os_mpidr = machine->trusted_os_home;
	psci_node_reset_all(m);
	for (struct psci_vcpu *each = machine->vcpus; each; each = each->next) {
		each->state = VCPU_OFF;
		each->default_suspend = false;
	}
	vcpu->entry = *entry;
	vcpu->entry.wake = false;
	vcpu->state = VCPU_ON_PENDING;
	machine_unlock(m);

	for (const struct psci_vcpu *each = machine->vcpus; each; each = each->next)
		machine->host->kick(machine->ctx, each->vctx);

	return PSCI_OK;
}

void psci_machine_kick(const struct psci_machine *machine, const struct psci_vcpu *caller,
		       const struct outcome *out)
{
	if (out->kick)
		machine->host->kick(machine->ctx, out->kick->vctx);
	if (!out->kick_others)
		return;
	/* Needs no lock: nobody is added once a vCPU has run. */
	for (const struct psci_vcpu *other = machine->vcpus; other; other = other->next) {
		if (other != caller)
			machine->host->kick(machine->ctx, other->vctx);
	}
}

void psci_machine_trace(const struct psci_vcpu *vcpu, const struct psci_regs *regs, uint64_t x0,
			enum psci_next next, bool carried_out)
{
	const struct psci_machine *machine = vcpu->machine;
	const bool has_result = carried_out && (next == PSCI_NEXT_RUN || next == PSCI_NEXT_SLEEP);
	const struct psci_trace trace = {
		.vctx = vcpu->vctx,
		.x = { x0, regs->x[1], regs->x[2], regs->x[3] },
		.next = next,
		.carried_out = carried_out,
		.result = has_result ? regs->x[0] : 0,
	};

	machine->host->trace(machine->ctx, &trace);
}

struct psci_event psci_machine_event(struct psci_machine *machine)
{
	const struct locked m = machine_lock(machine);
	const struct psci_event event = machine->event;

	machine_unlock(m);

	return event;
}
