/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_SUSPEND: a vCPU waits for an interrupt and keeps its context.
 */
#include "internal.h"

#include <psci/psci.h>

#include <stdint.h>

/*
 * IMPLEMENTATION DEFINED: which power states there are. One, of a core alone:
 * standby, StateID 0 in the original format.
 */
#define POWER_STATE_CORE_STANDBY 0

/*
 * DEN0022F.b, CPU_SUSPEND. Entry point and context id are those of a power-down
 * state; a standby state returns to the next instruction and must not look at
 * them.
 */
struct outcome psci_fn_cpu_suspend(struct locked m, const struct args *a)
{
	const uint32_t power_state = (uint32_t)a->arg[0]; /* 32 bits in both conventions. */

	if (power_state != POWER_STATE_CORE_STANDBY)
		return resume(PSCI_RET_INVALID_PARAMETERS);

	a->caller->state = VCPU_SUSPENDED;

	return (struct outcome){ .next = PSCI_NEXT_SLEEP, .result = PSCI_RET_SUCCESS };
}
