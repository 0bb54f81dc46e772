/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MIGRATE_INFO_TYPE and the calls that depend on it: whether there is a trusted OS that
 * lives on one core.
 */
#include "test.h"

/* Aim: the answer is one of four, and never changes. */
static enum verdict type_is_known(void)
{
	const int64_t type = call0(PSCI_FN32_MIGRATE_INFO_TYPE);

	if (type != PSCI_MIGRATE_INFO_UP_MIGRATABLE &&
	    type != PSCI_MIGRATE_INFO_UP_NOT_MIGRATABLE && type != PSCI_MIGRATE_INFO_NOT_REQUIRED &&
	    type != PSCI_RET_NOT_SUPPORTED)
		return fail_result("MIGRATE_INFO_TYPE", PSCI_MIGRATE_INFO_NOT_REQUIRED, type);
	if (call0(PSCI_FN32_MIGRATE_INFO_TYPE) != type)
		return fail("MIGRATE_INFO_TYPE answered %ld before", type);

	return pass();
}

/* Aim: where nothing can migrate, MIGRATE is not offered. */
static enum verdict migrate_fits_type(void)
{
	const int64_t type = call0(PSCI_FN32_MIGRATE_INFO_TYPE);
	int64_t result;

	if (type == PSCI_MIGRATE_INFO_UP_MIGRATABLE)
		return skip("a trusted OS can migrate");
	result = call1(PSCI_FN64_MIGRATE, this_cpu()->affinity);
	if (result == PSCI_RET_NOT_SUPPORTED)
		return pass();
	if (type == PSCI_MIGRATE_INFO_UP_NOT_MIGRATABLE && result == PSCI_RET_DENIED)
		return pass();

	return observe("MIGRATE_INFO_TYPE answers %ld, MIGRATE %ld %s", type, result,
		       result_name(result));
}

/* Aim: where there is a trusted OS on one core, a caller can ask which, and move it. */
static enum verdict trusted_os_is_somewhere(void)
{
	const int64_t type = call0(PSCI_FN32_MIGRATE_INFO_TYPE);
	int64_t home;

	if (type != PSCI_MIGRATE_INFO_UP_MIGRATABLE && type != PSCI_MIGRATE_INFO_UP_NOT_MIGRATABLE)
		return skip("no trusted OS lives on one core");
	home = call0(PSCI_FN64_MIGRATE_INFO_UP_CPU);
	for (unsigned int i = 0; i < board.cpu_count; i++) {
		if (home != (int64_t)board.affinities[i])
			continue;
		if (type == PSCI_MIGRATE_INFO_UP_MIGRATABLE &&
		    call1(PSCI_FN64_MIGRATE, absent_affinity()) == PSCI_RET_NOT_SUPPORTED)
			return fail("expected that MIGRATE is there, came NOT_SUPPORTED");

		return pass();
	}

	return fail("expected the affinity of a CPU from MIGRATE_INFO_UP_CPU, came %lx",
		    (uint64_t)home);
}

/* Aim: without a trusted OS there is no need to ask where it is. */
static enum verdict nobody_is_nowhere(void)
{
	if (call0(PSCI_FN32_MIGRATE_INFO_TYPE) != PSCI_MIGRATE_INFO_NOT_REQUIRED)
		return skip("MIGRATE_INFO_TYPE does not answer 2");
	if (target.version < PSCI_VERSION_1_0)
		return skip("PSCI_FEATURES came with 1.0");

	return features(PSCI_FN64_MIGRATE_INFO_UP_CPU) < 0
		       ? pass()
		       : observe("MIGRATE_INFO_UP_CPU is there, and has nothing to tell");
}

static const struct test tests[] = {
	{ "PSCI-MIGRATE_INFO_TYPE-01", "the type is a known one and constant", type_is_known },
	{ "PSCI-MIGRATE_INFO_UP_CPU-01", "a trusted OS lives on a CPU that there is",
	  trusted_os_is_somewhere },
	{ "PSCI-MIGRATE_INFO_TYPE-32", "without a trusted OS nobody tells where it is",
	  nobody_is_nowhere },
	{ "PSCI-MIGRATE-01", "MIGRATE is not there if nothing can migrate", migrate_fits_type },
};

const struct group group_migrate = GROUP("migrate", tests);
