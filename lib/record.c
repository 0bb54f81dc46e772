/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A record's parts as bytes, and back, and what its size depends on.
 */
#include "record.h"
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>

uint64_t psci_record_move(struct record_pass *pass, uint64_t value, unsigned int size)
{
	uint64_t read = 0;

	for (unsigned int i = 0; i < size; i++) {
		if (pass->out)
			*pass->out++ = (uint8_t)(value >> 8 * i);
		else
			read |= (uint64_t)*pass->in++ << 8 * i;
	}

	return pass->out ? value : read;
}

static void move8(struct record_pass *pass, uint8_t *value)
{
	*value = (uint8_t)psci_record_move(pass, *value, 1);
}

static void move32(struct record_pass *pass, uint32_t *value)
{
	*value = (uint32_t)psci_record_move(pass, *value, 4);
}

static void move64(struct record_pass *pass, uint64_t *value)
{
	*value = psci_record_move(pass, *value, 8);
}

void psci_record_move_machine(struct record_pass *pass, struct machine_record *r)
{
	move32(pass, &r->version);
	move32(pass, &r->offered);
	for (unsigned int i = 0; i < 4; i++)
		move32(pass, &r->fids[i]);
	move8(pass, &r->flags);
	move8(pass, &r->os_initiated);
	move8(pass, &r->suspend_called);
	move8(pass, &r->memory_protected);
	move8(pass, &r->trusted_os);
	move8(pass, &r->event_kind);
	move8(pass, &r->overwrite_memory);
	move8(pass, &r->has_stats);
	move32(pass, &r->event_type);
	move64(pass, &r->event_cookie);
	move64(pass, &r->event_mpidr);
	move64(pass, &r->trusted_os_mpidr);
	move32(pass, &r->idle_state_count);
	move32(pass, &r->domain_count);
	move32(pass, &r->vcpu_count);
}

void psci_record_move_idle_state(struct record_pass *pass, struct psci_idle_state *state)
{
	move32(pass, &state->power_state);
	for (unsigned int i = 0; i < PSCI_POWER_LEVEL_COUNT; i++)
		move8(pass, &state->depth[i]);
	move8(pass, &state->last_level);
}

void psci_record_move_node(struct record_pass *pass, struct node_record *r)
{
	move32(pass, &r->parent);
	for (unsigned int i = 0; i < PSCI_POWER_LEVEL_COUNT; i++)
		move8(pass, &r->request[i]);
	move8(pass, &r->counted);
	move64(pass, &r->elapsed);
}

void psci_record_move_vcpu(struct record_pass *pass, struct vcpu_record *r)
{
	psci_record_move_node(pass, &r->node);
	move64(pass, &r->mpidr);
	move64(pass, &r->pc);
	move64(pass, &r->x0);
	move8(pass, &r->entry_flags);
	move8(pass, &r->state);
	move8(pass, &r->availability);
	move8(pass, &r->default_suspend);
}

void psci_record_move_stats(struct record_pass *pass, struct psci_stat *stats, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		move64(pass, &stats[i].residency);
		move64(pass, &stats[i].count);
	}
}

bool psci_record_has_stats(const struct psci_machine *machine)
{
	return is_offered(machine, PSCI_FN32_PSCI_STAT_COUNT);
}

uint32_t psci_record_count_vcpus(const struct psci_machine *machine)
{
	uint32_t count = 0;

	for (const struct psci_vcpu *vcpu = machine->vcpus; vcpu; vcpu = vcpu->next)
		count++;

	return count;
}

uint32_t psci_record_count_domains(const struct psci_machine *machine)
{
	return machine->domains ? machine->domains->number + 1 : 0;
}

uint32_t psci_record_checksum(const uint8_t *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}

	return ~crc;
}

uint64_t psci_record_size(const struct machine_record *r)
{
	const uint64_t stats_size = r->has_stats ? (uint64_t)r->idle_state_count * STAT_SIZE : 0;

	return ENVELOPE_SIZE + MACHINE_SIZE + (uint64_t)r->idle_state_count * IDLE_STATE_SIZE +
	       r->domain_count * (DOMAIN_SIZE + stats_size) +
	       r->vcpu_count * (VCPU_SIZE + stats_size) + CHECKSUM_SIZE;
}
