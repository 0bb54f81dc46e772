/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_SUSPEND where nothing can wake the machine: the program that runs it sees that
 * it sleeps, and ends it.
 */
#include "../arch/arm64/console.h"
#include "../arch/arm64/gic.h"
#include "../arch/arm64/timer.h"
#include "test-end.h"

#define CONTEXT 0xfeedf00dcafe0300
/* A machine may come back early, for a reason that we cannot see, too. */
#define ROUNDS 4

/* NULL, or why this machine can be woken by something. */
static const char *disarm_all(void)
{
	if (!offers(PSCI_FN64_SYSTEM_SUSPEND))
		return "SYSTEM_SUSPEND is not there";
	/* Another interrupt controller may have any interrupt enabled. */
	if (!gic_disable_all())
		return "no interrupt controller that we know";
	timer_disarm();

	return NULL;
}

/*
 * Aim: without a wake-up source the machine sleeps: it neither continues, nor is it off,
 * nor does it boot again.
 */
enum verdict sleeps_without_source(void)
{
	const uint64_t entry = secondary_address();
	const char *trouble = disarm_all();

	if (trouble)
		return skip("%s", trouble);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		int64_t result = PSCI_RET_SUCCESS;

		print("# calls SYSTEM_SUSPEND with entry %lx\n", entry);
		if (call_and_arrive(PSCI_FN64_SYSTEM_SUSPEND, entry, CONTEXT, 0, &result))
			continue;
		/* A platform may have a reason of its own to refuse. */
		if (result == PSCI_RET_DENIED)
			return observe("SYSTEM_SUSPEND is DENIED, though all other CPUs are off");
		if (result != PSCI_RET_SUCCESS)
			return fail_result("SYSTEM_SUSPEND", PSCI_RET_SUCCESS, result);
	}

	return fail("expected that it sleeps, came back %u times with no interrupt enabled",
		    ROUNDS);
}
