/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine restored from a record, which is read twice: first to check it,
 * then to take it over. Nothing has changed if it is refused.
 */
#include "internal.h"
#include "record.h"

#include <psci/env.h>
#include <psci/psci.h>
#include <psci/state.h>

/* --- checking --- */

static int check_envelope(const uint8_t *record, size_t size)
{
	struct record_pass pass = { .in = record };

	if (size < ENVELOPE_SIZE + CHECKSUM_SIZE)
		return PSCI_ERR_TRUNCATED;
	if (psci_record_move(&pass, 0, 4) != RECORD_MAGIC)
		return PSCI_ERR_CORRUPT;

	const uint64_t format = psci_record_move(&pass, 0, 4);
	const uint64_t total = psci_record_move(&pass, 0, 4);

	if (total > size)
		return PSCI_ERR_TRUNCATED;
	pass.in = record + size - CHECKSUM_SIZE;
	if (total != size || psci_record_move(&pass, 0, CHECKSUM_SIZE) !=
				     psci_record_checksum(record, size - CHECKSUM_SIZE))
		return PSCI_ERR_CORRUPT;
	if (format > RECORD_FORMAT)
		return PSCI_ERR_NEWER;

	return format >= RECORD_FORMAT_OLDEST ? PSCI_OK : PSCI_ERR_CORRUPT;
}

static struct psci_fids_0_1 fids_of(const struct machine_record *r)
{
	return (struct psci_fids_0_1){ r->fids[0], r->fids[1], r->fids[2], r->fids[3] };
}

static bool is_in(uint32_t offered, uint32_t fn32)
{
	return offered & PSCI_FN_BIT(fn32);
}

/* Returns whether a guest can have caused the event, by a call that it was offered. */
static bool is_event_sound(const struct machine_record *r)
{
	static const uint32_t calls[] = {
		[PSCI_EVENT_OFF] = PSCI_FN32_SYSTEM_OFF,
		[PSCI_EVENT_OFF2] = PSCI_FN32_SYSTEM_OFF2,
		[PSCI_EVENT_RESET] = PSCI_FN32_SYSTEM_RESET,
		[PSCI_EVENT_RESET2] = PSCI_FN32_SYSTEM_RESET2,
		[PSCI_EVENT_SUSPEND] = PSCI_FN32_SYSTEM_SUSPEND,
	};
	const enum psci_event_kind kind = (enum psci_event_kind)r->event_kind;
	const bool warm =
		kind == PSCI_EVENT_RESET2 && r->event_type == PSCI_RESET2_TYPE_SYSTEM_WARM_RESET;

	if (kind == PSCI_EVENT_NONE)
		return !(r->event_type | r->event_cookie | r->event_mpidr | r->overwrite_memory);
	if (kind > PSCI_EVENT_SUSPEND || !is_in(r->offered, calls[kind]))
		return false;
	if (r->overwrite_memory != (r->memory_protected && !warm && kind != PSCI_EVENT_SUSPEND))
		return false;
	if (kind == PSCI_EVENT_RESET2)
		return warm || r->event_type & PSCI_RESET2_TYPE_VENDOR_MASK;

	return !r->event_cookie && r->event_type <= (kind == PSCI_EVENT_OFF2);
}

/* Returns whether the machine's part describes a state that a machine can have. */
static bool is_machine_sound(const struct machine_record *r)
{
	if (r->flags > MACHINE_ALL || r->os_initiated > 1 || r->suspend_called > 1 ||
	    r->memory_protected > 1)
		return false;
	if (r->has_stats != is_in(r->offered, PSCI_FN32_PSCI_STAT_COUNT))
		return false;
	if (r->os_initiated && !is_in(r->offered, PSCI_FN32_PSCI_SET_SUSPEND_MODE))
		return false;

	return (!r->memory_protected || is_in(r->offered, PSCI_FN32_MEM_PROTECT)) &&
	       is_event_sound(r);
}

static int check_machine(struct locked m, const struct machine_record *r, size_t size)
{
	const struct psci_fids_0_1 fids = fids_of(r);

	if (!psci_version_valid(r->version, &fids) ||
	    r->offered & ~(psci_table_defined(r->version) & m.machine->possible))
		return PSCI_ERR_UNSUPPORTED;
	if (!psci_table_is_whole(r->version, r->offered) || !is_machine_sound(r) ||
	    psci_record_size(r) != size)
		return PSCI_ERR_CORRUPT;
	if ((r->flags & MACHINE_EXTENDED_STATE_ID) != m.machine->extended_state_id ||
	    r->trusted_os != m.machine->trusted_os ||
	    r->idle_state_count != m.machine->idle_state_count ||
	    r->domain_count != psci_record_count_domains(m.machine) ||
	    r->vcpu_count != psci_record_count_vcpus(m.machine))
		return PSCI_ERR_MISMATCH;
	if (r->trusted_os == PSCI_TRUSTED_OS_NONE ||
	    r->trusted_os_mpidr == m.machine->trusted_os_home)
		return PSCI_OK;

	/* MIGRATE has moved it to a vCPU, which must exist. */
	return r->trusted_os == PSCI_TRUSTED_OS_MIGRATABLE &&
			       psci_index_find(m, r->trusted_os_mpidr)
		       ? PSCI_OK
		       : PSCI_ERR_MISMATCH;
}

static int check_idle_states(struct locked m, struct record_pass *pass)
{
	for (size_t i = 0; i < m.machine->idle_state_count; i++) {
		const struct psci_idle_state *here = &m.machine->idle_states[i];
		struct psci_idle_state there = { 0 };

		psci_record_move_idle_state(pass, &there);
		if (there.power_state != here->power_state ||
		    there.last_level != here->last_level ||
		    !psci_request_equals(there.depth, here->depth))
			return PSCI_ERR_MISMATCH;
	}

	return PSCI_OK;
}

static bool is_placed(const struct node_record *r, const struct psci_node *node)
{
	return r->parent == (node->parent ? node->parent->number : RECORD_NO_DOMAIN);
}

static void skip_stats(struct record_pass *pass, const struct machine_record *r)
{
	if (r->has_stats)
		pass->in += (size_t)r->idle_state_count * STAT_SIZE;
}

/* A machine is valid with any request of a domain: see psci_node_recount(). */
static int check_domains(struct locked m, struct record_pass *pass, const struct machine_record *r)
{
	for (const struct psci_domain *each = m.machine->domains; each; each = each->next) {
		struct node_record node = { 0 };

		if (psci_record_move(pass, 0, 1) != each->node.level)
			return PSCI_ERR_MISMATCH;
		psci_record_move_node(pass, &node);
		if (!is_placed(&node, &each->node))
			return PSCI_ERR_MISMATCH;
		if (node.counted > r->has_stats)
			return PSCI_ERR_CORRUPT;
		skip_stats(pass, r);
	}

	return PSCI_OK;
}

/* Returns whether a suspended vCPU sleeps in a state that there is. */
static bool is_known_sleep(struct locked m, const struct vcpu_record *v,
			   const struct machine_record *r)
{
	if (r->event_kind == PSCI_EVENT_SUSPEND)
		return psci_request_equals(v->node.request, psci_depth_off);
	for (size_t i = 0; i < m.machine->idle_state_count; i++) {
		if (psci_request_equals(v->node.request, m.machine->idle_states[i].depth))
			return true;
	}

	return false;
}

static struct psci_entry entry_of(const struct vcpu_record *v)
{
	return (struct psci_entry){
		.pc = v->pc,
		.x0 = v->x0,
		.aarch32 = v->entry_flags & ENTRY_AARCH32,
		.t32 = v->entry_flags & ENTRY_T32,
		.big_endian = v->entry_flags & ENTRY_BIG_ENDIAN,
		.wake = v->entry_flags & ENTRY_WAKE,
	};
}

/* Returns whether the vCPU's entry is one at which it will start or wake. */
static bool has_entry(const struct vcpu_record *v)
{
	return v->state == PSCI_STATE_ON_PENDING ||
	       (v->state == PSCI_STATE_SUSPENDED && v->node.request[0] >= PSCI_DEPTH_OFF);
}

/* psci_entry_read() and psci_machine_boot() refuse all others. */
static int check_entry(struct locked m, const struct vcpu_record *v)
{
	const struct psci_host *host = &m.machine->host;
	const struct psci_entry entry = entry_of(v);

	if (!has_entry(v))
		return PSCI_OK;
	if (!psci_entry_valid(&entry))
		return PSCI_ERR_CORRUPT;

	return !host->entry_ok || host->entry_ok(m.machine->ctx, entry.pc) ? PSCI_OK
									   : PSCI_ERR_MISMATCH;
}

static bool is_vcpu_sound(struct locked m, const struct vcpu_record *v,
			  const struct machine_record *r)
{
	if (v->entry_flags > ENTRY_ALL || v->state > PSCI_STATE_FROZEN ||
	    v->availability > PSCI_VCPU_DISABLED || v->node.counted > r->has_stats ||
	    v->default_suspend > (v->state == PSCI_STATE_SUSPENDED))
		return false;
	if (v->state == PSCI_STATE_SUSPENDED && !(v->entry_flags & ENTRY_WAKE))
		return false;
	if (v->default_suspend && !is_in(r->offered, PSCI_FN32_CPU_DEFAULT_SUSPEND))
		return false;
	/* The vCPU that suspended the machine sleeps, and all others are off. */
	if (r->event_kind == PSCI_EVENT_SUSPEND &&
	    v->state != (v->mpidr == r->event_mpidr ? PSCI_STATE_SUSPENDED : PSCI_STATE_OFF))
		return false;

	switch ((enum psci_vcpu_state)v->state) {
	case PSCI_STATE_ON:
		return !v->node.counted && psci_request_equals(v->node.request, psci_depth_run);
	case PSCI_STATE_SUSPENDED:
		return is_known_sleep(m, v, r);
	case PSCI_STATE_FROZEN:
		if (!is_in(r->offered, PSCI_FN32_CPU_FREEZE))
			return false;
		break;
	case PSCI_STATE_OFF:
	case PSCI_STATE_ON_PENDING:
		break;
	}

	return psci_request_equals(v->node.request, psci_depth_off);
}

/* Returns whether psci_machine_wake() has woken it, and it has not polled since. */
static bool is_woken(const struct vcpu_record *v)
{
	return v->state == PSCI_STATE_ON_PENDING && v->entry_flags & ENTRY_WAKE;
}

/* Marks each vCPU that the record has, so that none can occur twice. */
static int check_vcpus(struct locked m, struct record_pass *pass, const struct machine_record *r)
{
	uint32_t not_off = 0;
	bool woken = false;

	for (uint32_t i = 0; i < r->vcpu_count; i++) {
		struct vcpu_record v = { 0 };

		psci_record_move_vcpu(pass, &v);
		skip_stats(pass, r);

		struct psci_vcpu *vcpu = psci_index_find(m, v.mpidr);

		if (!vcpu || !is_placed(&v.node, &vcpu->node))
			return PSCI_ERR_MISMATCH;
		if (vcpu->restored || !is_vcpu_sound(m, &v, r))
			return PSCI_ERR_CORRUPT;

		const int err = check_entry(m, &v);

		if (err)
			return err;
		vcpu->restored = true;
		not_off += v.state != PSCI_STATE_OFF;
		woken |= is_woken(&v);
	}
	/* One vCPU of a machine that was suspended comes back, and starts the others. */
	if (woken && (not_off > 1 || !is_in(r->offered, PSCI_FN32_SYSTEM_SUSPEND)))
		return PSCI_ERR_CORRUPT;
	if (r->event_kind != PSCI_EVENT_NONE && !psci_index_find(m, r->event_mpidr))
		return PSCI_ERR_CORRUPT;

	return PSCI_OK;
}

static int check(struct locked m, const uint8_t *record, size_t size)
{
	struct record_pass pass = { .in = record + ENVELOPE_SIZE };
	struct machine_record r = { 0 };
	int err = check_envelope(record, size);

	if (err)
		return err;
	if (size < ENVELOPE_SIZE + MACHINE_SIZE + CHECKSUM_SIZE)
		return PSCI_ERR_CORRUPT;
	psci_record_move_machine(&pass, &r);
	err = check_machine(m, &r, size);
	if (!err)
		err = check_idle_states(m, &pass);
	if (!err)
		err = check_domains(m, &pass, &r);
	if (!err)
		err = check_vcpus(m, &pass, &r);
	for (struct psci_vcpu *vcpu = m.machine->vcpus; vcpu; vcpu = vcpu->next)
		vcpu->restored = false;

	return err;
}

/* --- taking over --- */

static void restore_machine(struct locked m, const struct machine_record *r)
{
	struct psci_machine *machine = m.machine;
	struct psci_vcpu *caller =
		r->event_kind == PSCI_EVENT_NONE ? NULL : psci_index_find(m, r->event_mpidr);

	machine->version = r->version;
	machine->offered = r->offered;
	machine->fids_0_1 = fids_of(r);
	machine->os_initiated = r->os_initiated;
	machine->suspend_called = r->suspend_called;
	machine->memory_protected = r->memory_protected;
	machine->hide_on_pending = r->flags & MACHINE_HIDE_ON_PENDING;
	machine->booted = true;
	machine->trusted_os_mpidr = r->trusted_os_mpidr;
	machine->event_vcpu = caller;
	machine->event = (struct psci_event){
		.kind = (enum psci_event_kind)r->event_kind,
		.type = r->event_type,
		.cookie = r->event_cookie,
		.vctx = caller ? caller->vctx : NULL,
		.overwrite_memory = r->overwrite_memory,
	};
}

static void restore_node(struct locked m, struct record_pass *pass, struct psci_node *node,
			 const struct node_record *r)
{
	for (unsigned int i = 0; i < PSCI_POWER_LEVEL_COUNT; i++)
		node->request[i] = r->request[i];
	node->counted = r->counted;
	if (r->counted)
		node->since = m.machine->host.now(m.machine->ctx) - r->elapsed;
	if (psci_record_has_stats(m.machine))
		psci_record_move_stats(pass, node->stats, (uint32_t)m.machine->idle_state_count);
	else
		psci_stat_reset(m, node);
}

static void restore_vcpu(struct locked m, struct record_pass *pass)
{
	struct vcpu_record v = { 0 };

	psci_record_move_vcpu(pass, &v);

	struct psci_vcpu *vcpu = psci_index_find(m, v.mpidr);

	restore_node(m, pass, &vcpu->node, &v.node);
	vcpu->state = v.state;
	vcpu->availability = v.availability;
	vcpu->default_suspend = v.default_suspend;
	vcpu->entry = entry_of(&v);
}

static void restore(struct locked m, const uint8_t *record)
{
	struct record_pass pass = { .in = record + ENVELOPE_SIZE };
	struct machine_record r = { 0 };

	psci_record_move_machine(&pass, &r);
	restore_machine(m, &r);
	pass.in += (size_t)r.idle_state_count * IDLE_STATE_SIZE;
	for (struct psci_domain *each = m.machine->domains; each; each = each->next) {
		struct node_record node = { 0 };

		psci_record_move(&pass, 0, 1);
		psci_record_move_node(&pass, &node);
		restore_node(m, &pass, &each->node, &node);
	}
	for (uint32_t i = 0; i < r.vcpu_count; i++)
		restore_vcpu(m, &pass);
	psci_node_recount(m);
}

int psci_machine_restore(struct psci_machine *machine, const void *record, size_t size)
{
	const struct locked m = machine_lock(machine);
	const int err = check(m, record, size);

	if (!err)
		restore(m, record);
	machine_unlock(m);
	if (err)
		return err;

	for (const struct psci_vcpu *each = machine->vcpus; each; each = each->next)
		machine->host.kick(machine->ctx, each->vctx);

	return PSCI_OK;
}
