/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine: its configuration, its vCPUs by MPIDR, its power cycles. */
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>

int psci_machine_init(struct psci_machine *machine, const struct psci_config *config)
{
	struct psci_config own;
	struct psci_host host;

	if (psci_config_read(&own, &host, config))
		return PSCI_ERR_INVALID;

	for (size_t i = 0; i < own.index_size; i++)
		own.index[i] = NULL;
	*machine = (struct psci_machine){
		.host = host,
		.ctx = own.ctx,
		.index = own.index,
		.index_size = own.index_size,
		.version = own.version,
		.offered = psci_table_offered(&own),
		.possible = psci_table_possible(&own),
		.hide_on_pending = own.hide_on_pending,
		.trusted_os = (uint8_t)own.trusted_os,
		.trusted_os_home = own.trusted_os_mpidr,
		.trusted_os_mpidr = own.trusted_os_mpidr,
		.stats = own.stats,
		.stat_count = own.stat_count,
		.fids_0_1 = own.fids_0_1,
	};
	psci_idle_states_set(machine, &own);

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

/* Returns the slot of @mpidr, or the one where it belongs; NULL if all others are taken. */
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
		.state = PSCI_STATE_OFF,
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
		each->state = PSCI_STATE_OFF;
		each->default_suspend = false;
	}
	vcpu->entry = *entry;
	vcpu->entry.wake = false;
	vcpu->state = PSCI_STATE_ON_PENDING;
	machine_unlock(m);

	for (const struct psci_vcpu *each = machine->vcpus; each; each = each->next)
		machine->host.kick(machine->ctx, each->vctx);

	return PSCI_OK;
}

void psci_machine_kick(const struct psci_machine *machine, const struct psci_vcpu *caller,
		       const struct outcome *out)
{
	if (out->kick)
		machine->host.kick(machine->ctx, out->kick->vctx);
	if (!out->kick_others)
		return;
	/* No lock is needed: no vCPU is added once one has run. */
	for (const struct psci_vcpu *other = machine->vcpus; other; other = other->next) {
		if (other != caller)
			machine->host.kick(machine->ctx, other->vctx);
	}
}

void psci_machine_trace(const struct psci_vcpu *vcpu, const struct psci_regs *regs, uint64_t x0,
			enum psci_next next, bool carried_out)
{
	const struct psci_machine *machine = vcpu->machine;
	const struct psci_trace trace = {
		.vctx = vcpu->vctx,
		.x = { x0, regs->x[1], regs->x[2], regs->x[3] },
		.next = next,
		.carried_out = carried_out,
		.result = carried_out && has_result(next) ? regs->x[0] : 0,
	};

	machine->host.trace(machine->ctx, &trace);
}

struct psci_event psci_machine_event(struct psci_machine *machine)
{
	const struct locked m = machine_lock(machine);
	const struct psci_event event = machine->event;

	machine_unlock(m);

	return event;
}
