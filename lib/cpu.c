/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU's states: CPU_ON, CPU_OFF, CPU_FREEZE, AFFINITY_INFO, and what the
 * host learns when it polls.
 */
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>

bool psci_entry_valid(const struct psci_entry *entry)
{
	if (entry->pc & (entry->t32 ? 1 : 3))
		return false;

	return entry->aarch32 ? (entry->pc | entry->x0) <= UINT32_MAX : !entry->t32;
}

int32_t psci_entry_read(struct locked m, const struct args *a, uint64_t address, uint64_t context,
			struct psci_entry *entry)
{
	const struct psci_host *host = &m.machine->host;
	const bool t32 = a->aarch32 && address & 1;
	const uint64_t pc = t32 ? address & ~UINT64_C(1) : address;

	/*
	 * IMPLEMENTATION DEFINED: what to do with an address that no
	 * instruction of the caller's set can have. It is refused, since a
	 * start there could only fault.
	 */
	if (!t32 && pc & 3)
		return PSCI_RET_INVALID_ADDRESS;
	if (host->entry_ok && !host->entry_ok(m.machine->ctx, pc))
		return PSCI_RET_INVALID_ADDRESS;

	*entry = (struct psci_entry){
		.pc = pc,
		.x0 = context,
		.aarch32 = a->aarch32,
		.t32 = t32,
		.big_endian = a->big_endian,
	};

	return PSCI_RET_SUCCESS;
}

/*
 * Returns whether the host lets a vCPU start. CPU_ON has DENIED since 1.2.
 * IMPLEMENTATION DEFINED: before, a vCPU that may not be started is one that
 * cannot.
 */
static int32_t may_start(struct locked m, const struct psci_vcpu *target)
{
	const struct psci_host *host = &m.machine->host;

	switch ((enum psci_vcpu_availability)target->availability) {
	case PSCI_VCPU_DENIED:
		return m.machine->version < PSCI_VERSION_1_2 ? PSCI_RET_INTERNAL_FAILURE
							     : PSCI_RET_DENIED;
	case PSCI_VCPU_DISABLED:
		return PSCI_RET_INTERNAL_FAILURE;
	case PSCI_VCPU_AVAILABLE:
		break;
	}
	if (host->start_ok && !host->start_ok(m.machine->ctx, target->vctx))
		return PSCI_RET_INTERNAL_FAILURE;

	return PSCI_RET_SUCCESS;
}

/* DEN0022F.b, CPU_ON */
struct outcome psci_fn_cpu_on(struct locked m, const struct args *a)
{
	struct psci_vcpu *target = psci_index_find(m, a->arg[0]);
	struct psci_entry entry;

	if (!target)
		return run_with(PSCI_RET_INVALID_PARAMETERS);

	int32_t result = psci_entry_read(m, a, a->arg[1], a->arg[2], &entry);

	if (result != PSCI_RET_SUCCESS)
		return run_with(result);

	switch ((enum psci_vcpu_state)target->state) {
	case PSCI_STATE_ON:
	case PSCI_STATE_SUSPENDED:
		return run_with(PSCI_RET_ALREADY_ON);
	case PSCI_STATE_ON_PENDING:
		return run_with(m.machine->hide_on_pending ? PSCI_RET_ALREADY_ON
							   : PSCI_RET_ON_PENDING);
	case PSCI_STATE_OFF:
	case PSCI_STATE_FROZEN:
		break;
	}
	result = may_start(m, target);
	if (result != PSCI_RET_SUCCESS)
		return run_with(result);

	target->entry = entry;
	target->state = PSCI_STATE_ON_PENDING;

	return (struct outcome){
		.next = PSCI_NEXT_RUN,
		.result = PSCI_RET_SUCCESS,
		.kick = target,
	};
}

/*
 * DEN0022F.b, CPU_OFF. IMPLEMENTATION DEFINED: the last vCPU that is on may
 * turn itself off, because no clause forbids it. Only the host can start such
 * a machine again.
 */
struct outcome psci_fn_cpu_off(struct locked m, const struct args *a)
{
	if (psci_trusted_os_is_on(m, a->caller))
		return run_with(PSCI_RET_DENIED);

	psci_node_sleep(m, a->caller, psci_depth_off);
	a->caller->state = PSCI_STATE_OFF;

	return (struct outcome){ .next = PSCI_NEXT_WAIT };
}

/*
 * DEN0022F.b, CPU_FREEZE. As when it is off, no interrupt wakes the vCPU, but
 * the others do not see it as off: only CPU_ON brings it back.
 */
struct outcome psci_fn_cpu_freeze(struct locked m, const struct args *a)
{
	if (psci_trusted_os_is_on(m, a->caller))
		return run_with(PSCI_RET_DENIED);

	psci_node_sleep(m, a->caller, psci_depth_off);
	a->caller->state = PSCI_STATE_FROZEN;

	return (struct outcome){ .next = PSCI_NEXT_WAIT };
}

/* The affinity fields that count at a lowest_affinity_level of 0 to 3. */
static uint64_t level_mask(uint32_t level)
{
	static const uint64_t masks[] = {
		PSCI_TARGET_MASK,
		PSCI_TARGET_MASK & ~UINT64_C(0xff),
		PSCI_TARGET_AFF3_MASK | PSCI_TARGET_AFF2_MASK,
		PSCI_TARGET_AFF3_MASK,
	};

	return masks[level];
}

static int32_t affinity_info(struct locked m, const struct psci_vcpu *vcpu)
{
	switch ((enum psci_vcpu_state)vcpu->state) {
	case PSCI_STATE_OFF:
		return vcpu->availability == PSCI_VCPU_DISABLED ? PSCI_RET_DISABLED
								: PSCI_AFFINITY_INFO_OFF;
	case PSCI_STATE_ON_PENDING:
		return m.machine->hide_on_pending ? PSCI_AFFINITY_INFO_ON
						  : PSCI_AFFINITY_INFO_ON_PENDING;
	case PSCI_STATE_ON:
	case PSCI_STATE_SUSPENDED:
	case PSCI_STATE_FROZEN:
		break;
	}

	return PSCI_AFFINITY_INFO_ON;
}

/*
 * IMPLEMENTATION DEFINED: whether levels above 0 are answered. They are: an
 * affinity instance is ON if any of its cores is, else ON_PENDING if any is,
 * else OFF if any is, else DISABLED.
 */
static int32_t aggregate_info(struct locked m, uint64_t target, uint64_t mask)
{
	int32_t result = PSCI_RET_INVALID_PARAMETERS;

	for (const struct psci_vcpu *vcpu = m.machine->vcpus; vcpu; vcpu = vcpu->next) {
		if ((vcpu->mpidr ^ target) & mask)
			continue;

		const int32_t info = affinity_info(m, vcpu);

		if (info == PSCI_AFFINITY_INFO_ON)
			return info;
		/* In the order of the answers' numbers, except INVALID_PARAMETERS. */
		if (result == PSCI_RET_INVALID_PARAMETERS || info > result)
			result = info;
	}

	return result;
}

/* DEN0022F.b, AFFINITY_INFO */
struct outcome psci_fn_affinity_info(struct locked m, const struct args *a)
{
	const uint64_t target = a->arg[0];
	const uint32_t level = (uint32_t)a->arg[1]; /* 32 bits in both conventions. */

	if (level > PSCI_AFFINITY_LEVEL_MAX || !is_affinity(target))
		return run_with(PSCI_RET_INVALID_PARAMETERS);
	if (level > 0)
		return run_with(aggregate_info(m, target, level_mask(level)));

	const struct psci_vcpu *vcpu = psci_index_find(m, target);

	return run_with(vcpu ? affinity_info(m, vcpu) : PSCI_RET_INVALID_PARAMETERS);
}

enum psci_next psci_vcpu_standing(struct locked m, const struct psci_vcpu *vcpu)
{
	if (is_stopped(m))
		return PSCI_NEXT_EXIT;

	switch ((enum psci_vcpu_state)vcpu->state) {
	case PSCI_STATE_OFF:
	case PSCI_STATE_ON_PENDING:
	case PSCI_STATE_FROZEN:
		return PSCI_NEXT_WAIT;
	case PSCI_STATE_ON:
		return PSCI_NEXT_RUN;
	case PSCI_STATE_SUSPENDED:
		/* If the machine is suspended, this vCPU suspended it. */
		return m.machine->event.kind == PSCI_EVENT_SUSPEND ? PSCI_NEXT_SYSTEM_SUSPEND
								   : PSCI_NEXT_SLEEP;
	}

	return PSCI_NEXT_WAIT;
}

static enum psci_next start(struct locked m, struct psci_vcpu *vcpu, struct psci_entry *entry)
{
	psci_node_wake(m, vcpu);
	vcpu->state = PSCI_STATE_ON;
	*entry = vcpu->entry;

	return PSCI_NEXT_START;
}

static enum psci_next poll_vcpu(struct locked m, struct psci_vcpu *vcpu, struct psci_entry *entry)
{
	if (is_stopped(m) || vcpu->state != PSCI_STATE_ON_PENDING)
		return psci_vcpu_standing(m, vcpu);

	return start(m, vcpu, entry);
}

static enum psci_next wake_vcpu(struct locked m, struct psci_vcpu *vcpu, struct psci_entry *entry)
{
	if (is_stopped(m) || vcpu->state != PSCI_STATE_SUSPENDED)
		return poll_vcpu(m, vcpu, entry);
	vcpu->default_suspend = false;
	/* While the machine is suspended, this vCPU is the one that suspended it. */
	m.machine->event = (struct psci_event){ .kind = PSCI_EVENT_NONE };
	m.machine->event_vcpu = NULL;
	if (psci_vcpu_is_powered_down(vcpu))
		return start(m, vcpu, entry);

	psci_node_wake(m, vcpu);
	vcpu->state = PSCI_STATE_ON;

	return PSCI_NEXT_RUN;
}

enum psci_next psci_vcpu_poll(struct psci_vcpu *vcpu, struct psci_entry *entry)
{
	const struct locked m = machine_lock(vcpu->machine);
	const enum psci_next next = poll_vcpu(m, vcpu, entry);

	machine_unlock(m);

	return next;
}

enum psci_next psci_vcpu_wake(struct psci_vcpu *vcpu, struct psci_entry *entry)
{
	const struct locked m = machine_lock(vcpu->machine);
	const enum psci_next next = wake_vcpu(m, vcpu, entry);

	machine_unlock(m);

	return next;
}

enum psci_vcpu_state psci_vcpu_get_state(struct psci_vcpu *vcpu)
{
	const struct locked m = machine_lock(vcpu->machine);
	const enum psci_vcpu_state state = (enum psci_vcpu_state)vcpu->state;

	machine_unlock(m);

	return state;
}

int psci_vcpu_set_availability(struct psci_vcpu *vcpu, enum psci_vcpu_availability availability)
{
	/* The compiler chooses whether an enum is signed. */
	if ((unsigned int)availability > PSCI_VCPU_DISABLED)
		return PSCI_ERR_INVALID;

	const struct locked m = machine_lock(vcpu->machine);

	vcpu->availability = (uint8_t)availability;
	machine_unlock(m);

	return PSCI_OK;
}
