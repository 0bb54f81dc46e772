/* SPDX-License-Identifier: BSD-3-Clause */
/* SYSTEM_RESET2, as far as the call comes back. */
#include <stddef.h>

#include "test.h"

/* Aim: architectural types other than the warm reset are reserved. */
static enum verdict reserved_types(uint32_t fid)
{
	static const uint32_t types[] = { 1, 2, 0x00010000, 0x7fffffff };

	if (!offers(fid))
		return skip("SYSTEM_RESET2 is not there");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const int64_t result = call2(fid, types[i], 0);

		if (result != PSCI_RET_INVALID_PARAMETERS)
			return fail_result("SYSTEM_RESET2 with a reserved type",
					   PSCI_RET_INVALID_PARAMETERS, result);
	}

	return pass();
}

static enum verdict reserved_types_smc64(void)
{
	return reserved_types(PSCI_FN64_SYSTEM_RESET2);
}

static enum verdict reserved_types_smc32(void)
{
	return reserved_types(PSCI_FN32_SYSTEM_RESET2);
}

/* Aim: before 1.1 there is no such function. */
static enum verdict absent_before_1_1(void)
{
	int64_t result;

	if (target.version >= PSCI_VERSION_1_1)
		return skip("SYSTEM_RESET2 may be there since 1.1");
	result = call2(PSCI_FN64_SYSTEM_RESET2, 1, 0);

	return result == PSCI_RET_NOT_SUPPORTED
		       ? pass()
		       : observe("SYSTEM_RESET2 answers %ld %s", result, result_name(result));
}

static const struct test tests[] = {
	{ "PSCI-SYSTEM_RESET2-01", "reserved types are INVALID_PARAMETERS (SMC64)",
	  reserved_types_smc64 },
	{ "PSCI-SYSTEM_RESET2-02", "reserved types are INVALID_PARAMETERS (SMC32)",
	  reserved_types_smc32 },
	{ "PSCI-SYSTEM_RESET2-03", "there is none before 1.1", absent_before_1_1 },
};

const struct group group_system_reset2 = GROUP("system-reset2", tests);
