/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SMC where the device tree says HVC. It need not be served; where it is, it is the same
 * PSCI as by HVC. This must be requested, since a hypervisor may stop a guest for it.
 *
 * An SMC that is trapped leaves the program counter to its handler, an HVC does not: a
 * CPU that turns itself off by one is started by the other.
 */
#include "../arch/arm64/sysreg.h"
#include "test.h"

#define CONTEXT 0xfeedf00dcafe0400
#define ROUNDS 4

/* NULL, or why the test cannot run. */
static const char *cannot(void)
{
	struct cpu *self = this_cpu();
	int64_t version;

	if (!board.hvc)
		return "the conduit is SMC";
	self->undefined_expected = true;
	self->undefined_seen = false;
	version = call_other_conduit(PSCI_FN32_PSCI_VERSION, 0, 0, 0);
	self->undefined_expected = false;
	if (self->undefined_seen)
		return "SMC is undefined here";

	return version == PSCI_RET_NOT_SUPPORTED ? "there is no PSCI behind SMC" : NULL;
}

/* Aim: a platform that answers both has one PSCI, not two. */
static enum verdict answers_are_the_same(void)
{
	const char *trouble = cannot();
	int64_t version;
	int64_t info;

	if (trouble)
		return skip("%s", trouble);
	version = call_other_conduit(PSCI_FN32_PSCI_VERSION, 0, 0, 0);
	if (version != target.version)
		return fail_result("PSCI_VERSION by SMC", target.version, version);
	info = call_other_conduit(PSCI_FN64_AFFINITY_INFO, this_cpu()->affinity, 0, 0);

	return info == PSCI_AFFINITY_INFO_ON
		       ? pass()
		       : fail_result("AFFINITY_INFO by SMC", PSCI_AFFINITY_INFO_ON, info);
}

static void off_by_smc(struct cpu *cpu)
{
	atomic_store(&cpu->running, false);
	cpu->off_result = call_other_conduit(PSCI_FN32_CPU_OFF, 0, 0, 0);
	atomic_store(&cpu->off_returned, true);
	atomic_store(&cpu->running, true);
}

/* Aim: after CPU_OFF by SMC a CPU starts at its entry point, not beside it. */
static enum verdict starts_after_off_by_smc(void)
{
	struct cpu *other = other_cpu(1);
	const char *trouble = cannot();

	if (!other)
		return skip("one CPU only");
	if (trouble)
		return skip("%s", trouble);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		const unsigned int before = atomic_load(&other->arrivals);

		if (cpu_on(other, CONTEXT + i) != PSCI_RET_SUCCESS || !cpu_arrived(other, before))
			return fail("CPU 1 could not be started");
		/* The first instruction there reads x0. */
		if (other->arrival.x0 != CONTEXT + i)
			return fail("expected x0 = %lx, came %lx", CONTEXT + i, other->arrival.x0);
		cpu_give(other, off_by_smc, 0);
		if (!cpu_is_off(other))
			return fail("CPU 1 is not off after CPU_OFF by SMC");
	}

	return pass();
}

static void on_by_smc(struct cpu *cpu)
{
	const struct cpu *third = &cpus[2];

	cpu->result =
		call_other_conduit(PSCI_FN64_CPU_ON, third->affinity, secondary_address(), CONTEXT);
}

/* Aim: CPU_ON by SMC continues behind the SMC, and starts the other CPU. */
static enum verdict on_by_smc_returns(void)
{
	struct cpu *other = other_cpu(1);
	struct cpu *third = other_cpu(2);
	const char *trouble = cannot();
	unsigned int before;

	if (!third)
		return skip("fewer than three CPUs");
	if (trouble)
		return skip("%s", trouble);
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	before = atomic_load(&third->arrivals);
	cpu_give(other, on_by_smc, 0);
	if (!cpu_finished(other) || other->result != PSCI_RET_SUCCESS)
		return fail("expected SUCCESS of CPU_ON by SMC, came %ld", other->result);
	if (!cpu_arrived(third, before) || third->arrival.x0 != CONTEXT)
		return fail("CPU 2 did not arrive as it was told");

	return pass();
}

static const struct test tests[] = {
	{ "PSCI-CONDUIT-01", "SMC answers as HVC does", answers_are_the_same },
	{ "PSCI-CONDUIT-02", "after CPU_OFF by SMC a CPU starts at its entry point",
	  starts_after_off_by_smc },
	{ "PSCI-CONDUIT-03", "CPU_ON by SMC starts a CPU and returns", on_by_smc_returns },
};

const struct group group_other_conduit = GROUP("other-conduit", tests);
