/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine's state saved into a record: the layout is in record.h.
 */
#include "internal.h"
#include "record.h"

#include <psci/env.h>
#include <psci/psci.h>
#include <psci/state.h>

static struct machine_record describe_machine(const struct psci_machine *machine)
{
	unsigned int flags = 0;

	flags |= machine->extended_state_id ? MACHINE_EXTENDED_STATE_ID : 0;
	flags |= machine->hide_on_pending ? MACHINE_HIDE_ON_PENDING : 0;

	return (struct machine_record){
		.version = machine->version,
		.offered = machine->offered,
		.fids = { machine->fids_0_1.cpu_suspend, machine->fids_0_1.cpu_off,
			  machine->fids_0_1.cpu_on, machine->fids_0_1.migrate },
		.flags = (uint8_t)flags,
		.os_initiated = machine->os_initiated,
		.suspend_called = machine->suspend_called,
		.memory_protected = machine->memory_protected,
		.trusted_os = machine->trusted_os,
		.event_kind = (uint8_t)machine->event.kind,
		.overwrite_memory = machine->event.overwrite_memory,
		.has_stats = psci_record_has_stats(machine),
		.event_type = machine->event.type,
		.event_cookie = machine->event.cookie,
		.event_mpidr = machine->event_vcpu ? machine->event_vcpu->mpidr : 0,
		.trusted_os_mpidr = machine->trusted_os_mpidr,
		.idle_state_count = (uint32_t)machine->idle_state_count,
		.domain_count = psci_record_count_domains(machine),
		.vcpu_count = psci_record_count_vcpus(machine),
	};
}

static struct node_record describe_node(struct locked m, const struct psci_node *node)
{
	struct node_record r = {
		.parent = node->parent ? node->parent->number : RECORD_NO_DOMAIN,
		.counted = node->counted && psci_record_has_stats(m.machine),
	};

	for (unsigned int i = 0; i < PSCI_POWER_LEVEL_COUNT; i++)
		r.request[i] = node->request[i];
	/* Clocks differ between hosts; what has passed does not. */
	if (r.counted)
		r.elapsed = m.machine->host.now(m.machine->ctx) - node->since;

	return r;
}

static struct vcpu_record describe_vcpu(struct locked m, const struct psci_vcpu *vcpu)
{
	const struct psci_entry *entry = &vcpu->entry;
	unsigned int flags = 0;

	flags |= entry->aarch32 ? ENTRY_AARCH32 : 0;
	flags |= entry->t32 ? ENTRY_T32 : 0;
	flags |= entry->big_endian ? ENTRY_BIG_ENDIAN : 0;
	flags |= entry->wake ? ENTRY_WAKE : 0;

	return (struct vcpu_record){
		.node = describe_node(m, &vcpu->node),
		.mpidr = vcpu->mpidr,
		.pc = entry->pc,
		.x0 = entry->x0,
		.entry_flags = (uint8_t)flags,
		.state = vcpu->state,
		.availability = vcpu->availability,
		.default_suspend = vcpu->default_suspend,
	};
}

static void save_stats(struct locked m, struct record_pass *pass, const struct psci_node *node)
{
	if (psci_record_has_stats(m.machine))
		psci_record_move_stats(pass, node->stats, (uint32_t)m.machine->idle_state_count);
}

static void save(struct locked m, uint8_t *record)
{
	struct machine_record r = describe_machine(m.machine);
	struct record_pass pass = { .out = record };

	psci_record_move(&pass, RECORD_MAGIC, 4);
	psci_record_move(&pass, RECORD_FORMAT, 4);
	psci_record_move(&pass, psci_record_size(&r), 4);
	psci_record_move_machine(&pass, &r);
	for (size_t i = 0; i < m.machine->idle_state_count; i++) {
		struct psci_idle_state state = m.machine->idle_states[i];

		psci_record_move_idle_state(&pass, &state);
	}
	for (const struct psci_domain *each = m.machine->domains; each; each = each->next) {
		struct node_record node = describe_node(m, &each->node);

		psci_record_move(&pass, each->node.level, 1);
		psci_record_move_node(&pass, &node);
		save_stats(m, &pass, &each->node);
	}
	for (const struct psci_vcpu *each = m.machine->vcpus; each; each = each->next) {
		struct vcpu_record vcpu = describe_vcpu(m, each);

		psci_record_move_vcpu(&pass, &vcpu);
		save_stats(m, &pass, &each->node);
	}
	psci_record_move(&pass, psci_record_checksum(record, (size_t)(pass.out - record)),
			 CHECKSUM_SIZE);
}

size_t psci_machine_save_size(struct psci_machine *machine)
{
	const struct locked m = machine_lock(machine);
	const struct machine_record r = describe_machine(machine);

	machine_unlock(m);

	return (size_t)psci_record_size(&r);
}

int psci_machine_save(struct psci_machine *machine, void *record, size_t size)
{
	if (size < psci_machine_save_size(machine))
		return PSCI_ERR_SPACE;

	const struct locked m = machine_lock(machine);

	save(m, record);
	machine_unlock(m);

	return PSCI_OK;
}
