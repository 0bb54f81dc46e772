/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_OFF, SYSTEM_RESET, SYSTEM_RESET2 and SYSTEM_OFF2: how a guest ends a
 * life of its machine. Each works from any vCPU and asks nothing of the others.
 */
#include "internal.h"

#include <psci/psci.h>

#include <stdint.h>

/*
 * The door carries out no call once there is an event, and looks under the same
 * lock: the first event of a life is its only one.
 */
static struct outcome stop(struct locked m, const struct args *a, struct psci_event event)
{
	m.machine->event = event;
	m.machine->event.vctx = a->caller->vctx;

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
 * DEN0022F.b, SYSTEM_RESET2. The cookie has no meaning for a warm reset and any
 * value is right. IMPLEMENTATION DEFINED: there are no vendor-specific resets;
 * they may give any code but NOT_SUPPORTED.
 */
struct outcome psci_fn_system_reset2(struct locked m, const struct args *a)
{
	const uint32_t type = (uint32_t)a->arg[0]; /* 32 bits in both conventions. */

	if (type != PSCI_RESET2_TYPE_SYSTEM_WARM_RESET)
		return resume(PSCI_RET_INVALID_PARAMETERS);

	return stop(m, a,
		    (struct psci_event){
			    .kind = PSCI_EVENT_RESET2,
			    .type = type,
			    .cookie = a->arg[1],
		    });
}

/*
 * DEN0022F.b, SYSTEM_OFF2. Type 0 means HIBERNATE_OFF too, and Linux sends it.
 * The cookie must be zero, which the table says.
 */
struct outcome psci_fn_system_off2(struct locked m, const struct args *a)
{
	const uint32_t type = (uint32_t)a->arg[0]; /* 32 bits in both conventions. */

	if (type != 0 && type != PSCI_OFF2_TYPE_HIBERNATE_OFF)
		return resume(PSCI_RET_INVALID_PARAMETERS);

	return stop(m, a, (struct psci_event){ .kind = PSCI_EVENT_OFF2, .type = type });
}
