/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entry points at which nothing can start. An address that is known to be unavailable is
 * refused; knowing it is optional, so that each is a boot of its own: where it is
 * accepted the CPU is lost.
 */
#include "../arch/arm64/console.h"
#include "../arch/arm64/gic.h"
#include "sleep.h"
#include "test-end.h"

/* Addresses without RAM, as far as the device tree's first region tells. */
#define ADDRESS_WITHOUT_RAM (UINT64_C(1) << 38)

static enum verdict judge(const char *call, uint64_t entry, int64_t result)
{
	if (result == PSCI_RET_SUCCESS)
		return observe("the entry point %lx is accepted", entry);
	/* The specification says nothing about addresses that are no multiple of 4. */
	if (result == PSCI_RET_INVALID_PARAMETERS && entry % 4 &&
	    target.version >= PSCI_VERSION_1_0)
		return observe("the entry point %lx is INVALID_PARAMETERS", entry);

	return result == invalid_address() ? pass() : fail_result(call, invalid_address(), result);
}

static enum verdict start_at(uint64_t entry)
{
	struct cpu *other = other_cpu(1);
	enum verdict verdict;

	if (!other)
		return skip("one CPU only");
	print("# calls CPU_ON with entry %lx\n", entry);
	verdict = judge("CPU_ON with a bad entry point", entry,
			call3(PSCI_FN64_CPU_ON, other->affinity, entry, 0));
	if (verdict == VERDICT_PASS && affinity_info(other) != PSCI_AFFINITY_INFO_OFF)
		return fail("the refused CPU_ON changed AFFINITY_INFO");

	return verdict;
}

/* NULL, or why a statement about the error code does not concern this version. */
static const char *other_version(bool in_0_2)
{
	if ((target.version < PSCI_VERSION_1_0) == in_0_2)
		return NULL;

	return in_0_2 ? "since 1.0 there is INVALID_ADDRESS" : "INVALID_ADDRESS came with 1.0";
}

enum verdict on_outside_ram(void)
{
	const char *trouble = other_version(false);

	return trouble ? skip("%s", trouble) : start_at(ADDRESS_WITHOUT_RAM);
}

enum verdict on_outside_ram_in_0_2(void)
{
	const char *trouble = other_version(true);

	return trouble ? skip("%s", trouble) : start_at(ADDRESS_WITHOUT_RAM);
}

/* Aim: the effect of an address that no A64 instruction can have is open. */
enum verdict on_misaligned(void)
{
	enum verdict verdict = VERDICT_PASS;

	for (uint64_t low = 1; low < 4 && verdict == VERDICT_PASS; low++)
		verdict = start_at(secondary_address() | low);

	return verdict;
}

/* With an interrupt pending, so that a platform that accepts the address comes back. */
static enum verdict suspend_to(const char *call, uint32_t fid, uint64_t first, uint64_t second)
{
	struct cpu *self = this_cpu();
	const char *trouble = cannot_suspend();
	int64_t result;

	if (trouble)
		return skip("%s", trouble);
	if (!offers(fid))
		return skip("%s is not there", call);
	print("# calls %s with entry %lx\n", call, ADDRESS_WITHOUT_RAM);
	gic_send(self->affinity, self->index, SLEEP_SGI);
	timer_arm(SLEEP_GUARD);
	result = call3(fid, first, second, SLEEP_CONTEXT);
	timer_disarm();
	take_interrupts();

	return judge(call, ADDRESS_WITHOUT_RAM, result);
}

static enum verdict cpu_suspend(void)
{
	uint32_t power_state;

	if (!powerdown_state(&power_state))
		return skip("no power-down state is known");

	return suspend_to("CPU_SUSPEND", PSCI_FN64_CPU_SUSPEND, power_state, ADDRESS_WITHOUT_RAM);
}

enum verdict suspend_outside_ram(void)
{
	const char *trouble = other_version(false);

	return trouble ? skip("%s", trouble) : cpu_suspend();
}

enum verdict suspend_outside_ram_in_0_2(void)
{
	const char *trouble = other_version(true);

	return trouble ? skip("%s", trouble) : cpu_suspend();
}

enum verdict default_suspend_outside_ram(void)
{
	return suspend_to("CPU_DEFAULT_SUSPEND", PSCI_FN64_CPU_DEFAULT_SUSPEND, ADDRESS_WITHOUT_RAM,
			  SLEEP_CONTEXT);
}

enum verdict system_suspend_outside_ram(void)
{
	return suspend_to("SYSTEM_SUSPEND", PSCI_FN64_SYSTEM_SUSPEND, ADDRESS_WITHOUT_RAM,
			  SLEEP_CONTEXT);
}
