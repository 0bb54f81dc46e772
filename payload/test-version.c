/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI_VERSION: major and minor version as two halves of a number that is positive for
 * every caller.
 */
#include "test.h"

/* Aim: the version is one that exists, so that a caller knows what to expect. */
static enum verdict version_is_known(void)
{
	const int64_t version = call0(PSCI_FN32_PSCI_VERSION);

	switch (version) {
	case PSCI_VERSION_0_2:
	case PSCI_VERSION_1_0:
	case PSCI_VERSION_1_1:
	case PSCI_VERSION_1_2:
	case PSCI_VERSION_1_3:
		return pass();
	default:
		break;
	}
	if (version > PSCI_VERSION_1_3)
		return observe("PSCI_VERSION %lx is newer than these tests", (uint64_t)version);

	return fail("PSCI_VERSION answers %lx, which is no version", (uint64_t)version);
}

/* Aim: a caller may decide once, because the answer never changes. */
static enum verdict version_is_constant(void)
{
	for (unsigned int i = 0; i < 3; i++) {
		const int64_t version = call3(PSCI_FN32_PSCI_VERSION, UINT64_MAX, i, i);

		if (version != target.version)
			return fail_result("PSCI_VERSION", target.version, version);
	}

	return pass();
}

/* Aim: the other CPUs see the same version. */
static void ask_version(struct cpu *cpu)
{
	cpu->result = call0(PSCI_FN32_PSCI_VERSION);
}

static enum verdict version_is_the_same_everywhere(void)
{
	struct cpu *other = other_cpu(1);

	if (!other)
		return skip("one CPU only");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	cpu_give(other, ask_version, 0);
	if (!cpu_finished(other))
		return fail("CPU 1 did not come back from PSCI_VERSION");
	if (other->result != target.version)
		return fail_result("PSCI_VERSION on CPU 1", target.version, other->result);

	return pass();
}

static const struct test tests[] = {
	{ "PSCI-PSCI_VERSION-01", "the version is a known one", version_is_known },
	{ "PSCI-PSCI_VERSION-02", "it is the same whatever the other registers hold",
	  version_is_constant },
	{ "PSCI-PSCI_VERSION-03", "it is the same on another CPU", version_is_the_same_everywhere },
};

const struct group group_version = GROUP("version", tests);
