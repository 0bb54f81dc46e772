/* SPDX-License-Identifier: BSD-3-Clause */
/* SYSTEM_OFF2, as far as the call comes back. */
#include <stddef.h>

#include "test.h"

static enum verdict check(uint32_t fid, uint32_t type, uint64_t cookie)
{
	const int64_t result = call2(fid, type, cookie);

	return result == PSCI_RET_INVALID_PARAMETERS
		       ? pass()
		       : fail_result("SYSTEM_OFF2", PSCI_RET_INVALID_PARAMETERS, result);
}

/* Aim: types other than 0 and HIBERNATE_OFF are reserved, bit 31 must be zero. */
static enum verdict reserved_types(uint32_t fid)
{
	static const uint32_t types[] = { 2,	      3,	  0x00010000, 0x40000000,
					  0x7fffffff, 0x80000000, 0x80000001, 0xffffffff };

	if (!offers(fid))
		return skip("SYSTEM_OFF2 is not there");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (check(fid, types[i], 0) == VERDICT_FAIL)
			return VERDICT_FAIL;
	}

	return pass();
}

static enum verdict reserved_types_smc64(void)
{
	return reserved_types(PSCI_FN64_SYSTEM_OFF2);
}

static enum verdict reserved_types_smc32(void)
{
	return reserved_types(PSCI_FN32_SYSTEM_OFF2);
}

/* Aim: the cookie is reserved, must be zero, and is 64 bits wide in SMC64. */
static enum verdict cookie_is_checked(void)
{
	static const uint64_t cookies[] = { 1, 0x80000000, 0x100000000, 0x8000000000000000 };

	if (!offers(PSCI_FN64_SYSTEM_OFF2))
		return skip("SYSTEM_OFF2 is not there");
	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		for (uint32_t type = 0; type <= PSCI_OFF2_TYPE_HIBERNATE_OFF; type++) {
			if (check(PSCI_FN64_SYSTEM_OFF2, type, cookies[i]) == VERDICT_FAIL)
				return VERDICT_FAIL;
		}
	}

	return check(PSCI_FN32_SYSTEM_OFF2, PSCI_OFF2_TYPE_HIBERNATE_OFF, 1);
}

/* Aim: it does not depend on the other cores, so an error stays the same error. */
static enum verdict other_cpus_do_not_matter(void)
{
	struct cpu *other = other_cpu(1);

	if (!offers(PSCI_FN64_SYSTEM_OFF2))
		return skip("SYSTEM_OFF2 is not there");
	if (!other)
		return skip("one CPU only");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");

	return check(PSCI_FN64_SYSTEM_OFF2, 2, 0);
}

/* Aim: FEATURES answers with the bitmap of types, of which bit 0 must be set. */
static enum verdict bitmap_has_hibernate_off(void)
{
	int64_t bitmap;

	if (!offers(PSCI_FN64_SYSTEM_OFF2))
		return skip("SYSTEM_OFF2 is not there");
	bitmap = features(PSCI_FN64_SYSTEM_OFF2);
	if (bitmap != PSCI_FEATURES_OFF2_HIBERNATE_OFF)
		return fail_result("PSCI_FEATURES of SYSTEM_OFF2", PSCI_FEATURES_OFF2_HIBERNATE_OFF,
				   bitmap);

	return pass();
}

/* Aim: before 1.3 there is no such function; alpha versions had another meaning there. */
static enum verdict absent_before_1_3(void)
{
	int64_t result;

	if (target.version >= PSCI_VERSION_1_3)
		return skip("SYSTEM_OFF2 may be there since 1.3");
	result = call2(PSCI_FN64_SYSTEM_OFF2, 2, 0);

	return result == PSCI_RET_NOT_SUPPORTED
		       ? pass()
		       : observe("SYSTEM_OFF2 answers %ld %s", result, result_name(result));
}

static const struct test tests[] = {
	{ "PSCI-SYSTEM_OFF2-01", "reserved types are INVALID_PARAMETERS (SMC64)",
	  reserved_types_smc64 },
	{ "PSCI-SYSTEM_OFF2-02", "reserved types are INVALID_PARAMETERS (SMC32)",
	  reserved_types_smc32 },
	{ "PSCI-SYSTEM_OFF2-03", "a cookie is INVALID_PARAMETERS", cookie_is_checked },
	{ "PSCI-SYSTEM_OFF2-04", "other CPUs that are on change nothing",
	  other_cpus_do_not_matter },
	{ "PSCI-SYSTEM_OFF2-05", "FEATURES answers with HIBERNATE_OFF", bitmap_has_hibernate_off },
	{ "PSCI-SYSTEM_OFF2-06", "there is none before 1.3", absent_before_1_3 },
};

const struct group group_system_off2 = GROUP("system-off2", tests);
