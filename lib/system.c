/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_OFF, SYSTEM_RESET, SYSTEM_RESET2 and SYSTEM_OFF2: how a guest ends a
 * power cycle of its machine. Each works from any vCPU and does not depend on
 * the others. SYSTEM_SUSPEND, which interrupts it, requires that they be off.
 */
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>

/*
 * psci_call() carries out no call once there is an event, and checks that under
 * the lock that is held here: the first event of a power cycle is its only one.
 */
static struct outcome stop(struct locked m, const struct args *a, struct psci_event event)
{
	const bool warm =
		event.kind == PSCI_EVENT_RESET2 && event.type == PSCI_RESET2_TYPE_SYSTEM_WARM_RESET;

	m.machine->event = event;
	m.machine->event.vctx = a->caller->vctx;
	m.machine->event_vcpu = a->caller;
	m.machine->event.overwrite_memory = m.machine->memory_protected && !warm;

	return (struct outcome){ .next = PSCI_NEXT_EXIT, .kick_others = true };
}

/* DEN0022F.b, SYSTEM_OFF */
struct outcome psci_fn_system_off(struct locked m, const struct args *a)
{
	return stop(m, a, (struct psci_event){ .kind = PSCI_EVENT_OFF });
}

/* DEN0022F.b, SYSTEM_RESET */
struct outcome psci_fn_system_reset(struct locked m, const struct args *a)
{
	return stop(m, a, (struct psci_event){ .kind = PSCI_EVENT_RESET });
}

/*
 * What a vendor-specific reset answers. IMPLEMENTATION DEFINED: which there
 * are. The host has them, if any; a type that it does not have is an invalid
 * parameter, since such a reset may return any code except NOT_SUPPORTED.
 */
static int32_t ask_vendor(struct locked m, uint32_t type, uint64_t cookie)
{
	const struct psci_host *host = &m.machine->host;

	if (!host->vendor_reset)
		return PSCI_RET_INVALID_PARAMETERS;

	const int32_t answer = host->vendor_reset(m.machine->ctx, type, cookie);
	const bool is_code = answer == PSCI_RET_SUCCESS || (answer < PSCI_RET_NOT_SUPPORTED &&
							    answer >= PSCI_RET_INVALID_ADDRESS);

	return is_code || answer < PSCI_RET_VENDOR_LIMIT ? answer : PSCI_RET_INTERNAL_FAILURE;
}

/*
 * DEN0022F.b, SYSTEM_RESET2. The cookie has no meaning for a warm reset and any
 * value is accepted.
 */
struct outcome psci_fn_system_reset2(struct locked m, const struct args *a)
{
	const uint32_t type = (uint32_t)a->arg[0]; /* 32 bits in both conventions. */
	int32_t answer = PSCI_RET_INVALID_PARAMETERS;

	if (type & PSCI_RESET2_TYPE_VENDOR_MASK)
		answer = ask_vendor(m, type, a->arg[1]);
	else if (type == PSCI_RESET2_TYPE_SYSTEM_WARM_RESET)
		answer = PSCI_RET_SUCCESS;
	if (answer != PSCI_RET_SUCCESS)
		return run_with(answer);

	return stop(m, a,
		    (struct psci_event){
			    .kind = PSCI_EVENT_RESET2,
			    .type = type,
			    .cookie = a->arg[1],
		    });
}

/*
 * DEN0022F.b, SYSTEM_OFF2. Type 0 means HIBERNATE_OFF too, and Linux sends it.
 * The cookie must be zero, as the table says.
 */
struct outcome psci_fn_system_off2(struct locked m, const struct args *a)
{
	const uint32_t type = (uint32_t)a->arg[0]; /* 32 bits in both conventions. */

	if (type != 0 && type != PSCI_OFF2_TYPE_HIBERNATE_OFF)
		return run_with(PSCI_RET_INVALID_PARAMETERS);

	return stop(m, a, (struct psci_event){ .kind = PSCI_EVENT_OFF2, .type = type });
}

/* --- SYSTEM_SUSPEND --- */

static bool is_alone(struct locked m, const struct psci_vcpu *caller)
{
	for (const struct psci_vcpu *vcpu = m.machine->vcpus; vcpu; vcpu = vcpu->next) {
		if (vcpu != caller && vcpu->state != PSCI_STATE_OFF)
			return false;
	}

	return true;
}

/*
 * DEN0022F.b, SYSTEM_SUSPEND. The prototype says ALREADY_ON where the text says
 * DENIED if others are not off; the text is right. IMPLEMENTATION DEFINED: this
 * is checked before the entry point.
 *
 * The caller comes back through its entry point, where x0 is the context id. So
 * if it comes back behind its call, it finds in x0 that the call was denied.
 */
struct outcome psci_fn_system_suspend(struct locked m, const struct args *a)
{
	struct psci_entry entry;

	if (!is_alone(m, a->caller))
		return run_with(PSCI_RET_DENIED);

	const int32_t result = psci_entry_read(m, a, a->arg[0], a->arg[1], &entry);

	if (result != PSCI_RET_SUCCESS)
		return run_with(result);

	psci_node_sleep(m, a->caller, psci_depth_off);
	a->caller->entry = entry;
	a->caller->entry.wake = true;
	a->caller->state = PSCI_STATE_SUSPENDED;
	m.machine->event = (struct psci_event){
		.kind = PSCI_EVENT_SUSPEND,
		.vctx = a->caller->vctx,
	};
	m.machine->event_vcpu = a->caller;

	return (struct outcome){ .next = PSCI_NEXT_SYSTEM_SUSPEND, .result = PSCI_RET_DENIED };
}

/* Ends a SYSTEM_SUSPEND. Returns the vCPU that suspended the machine, or NULL if none has. */
static struct psci_vcpu *end_suspend(struct locked m)
{
	struct psci_vcpu *vcpu = m.machine->event_vcpu;

	if (m.machine->event.kind != PSCI_EVENT_SUSPEND)
		return NULL;
	m.machine->event = (struct psci_event){ .kind = PSCI_EVENT_NONE };
	m.machine->event_vcpu = NULL;

	return vcpu;
}

bool psci_machine_wake(struct psci_machine *machine)
{
	const struct locked m = machine_lock(machine);
	struct psci_vcpu *vcpu = end_suspend(m);

	if (vcpu)
		vcpu->state = PSCI_STATE_ON_PENDING;
	machine_unlock(m);

	if (vcpu)
		machine->host.kick(machine->ctx, vcpu->vctx);

	return vcpu;
}

bool psci_machine_deny(struct psci_machine *machine)
{
	const struct locked m = machine_lock(machine);
	struct psci_vcpu *vcpu = end_suspend(m);

	if (vcpu) {
		psci_node_wake(m, vcpu);
		vcpu->state = PSCI_STATE_ON;
	}
	machine_unlock(m);

	if (vcpu)
		machine->host.kick(machine->ctx, vcpu->vctx);

	return vcpu;
}
