/* SPDX-License-Identifier: BSD-3-Clause */
#include "psci-spec.h"

/* The return codes by their distance from zero, as DEN0022F.b numbers them. */
enum {
	NOT_SUPPORTED = 1 << 1,
	INVALID_PARAMETERS = 1 << 2,
	DENIED = 1 << 3,
	ALREADY_ON = 1 << 4,
	ON_PENDING = 1 << 5,
	INTERNAL_FAILURE = 1 << 6,
	NOT_PRESENT = 1 << 7,
	DISABLED = 1 << 8,
	INVALID_ADDRESS = 1 << 9,
	CPU_ON_ERRORS = INVALID_PARAMETERS | DENIED | ALREADY_ON | ON_PENDING | INTERNAL_FAILURE |
			INVALID_ADDRESS,
	MIGRATE_ERRORS =
		NOT_SUPPORTED | INVALID_PARAMETERS | DENIED | INTERNAL_FAILURE | NOT_PRESENT,
};

const struct spec_function spec_functions[] = {
	/* clang-format off */
	{ 0x00, 0x00002, "PSCI_VERSION",            0, false, true,  SPEC_NOTHING,  0, 0 },
	{ 0x01, 0x00002, "CPU_SUSPEND",             3, true,  true,  SPEC_NOTHING,  0,
	  INVALID_PARAMETERS | INVALID_ADDRESS | DENIED },
	{ 0x02, 0x00002, "CPU_OFF",                 0, false, true,  SPEC_NOTHING,  0, DENIED },
	{ 0x03, 0x00002, "CPU_ON",                  3, true,  true,  SPEC_NOTHING,  0, CPU_ON_ERRORS },
	{ 0x04, 0x00002, "AFFINITY_INFO",           2, true,  true,  SPEC_NOTHING,  0,
	  INVALID_PARAMETERS | DISABLED },
	{ 0x05, 0x00002, "MIGRATE",                 1, true,  false, SPEC_TRUSTED_OS, 0, MIGRATE_ERRORS },
	{ 0x06, 0x00002, "MIGRATE_INFO_TYPE",       0, false, false, SPEC_NOTHING,  0, NOT_SUPPORTED },
	{ 0x07, 0x00002, "MIGRATE_INFO_UP_CPU",     0, true,  false, SPEC_TRUSTED_OS, 0, 0 },
	{ 0x08, 0x00002, "SYSTEM_OFF",              0, false, true,  SPEC_NOTHING,  0, 0 },
	{ 0x09, 0x00002, "SYSTEM_RESET",            0, false, true,  SPEC_NOTHING,  0, 0 },
	{ 0x0a, 0x10000, "PSCI_FEATURES",           1, false, true,  SPEC_NOTHING,  0, NOT_SUPPORTED },
	{ 0x0b, 0x10000, "CPU_FREEZE",              0, false, false, SPEC_FREEZE, 0,
	  NOT_SUPPORTED | DENIED },
	{ 0x0c, 0x10000, "CPU_DEFAULT_SUSPEND",     2, true,  false, SPEC_DEFAULT_SUSPEND, 0, INVALID_ADDRESS },
	{ 0x0d, 0x10000, "NODE_HW_STATE",           2, true,  false, SPEC_HW_STATE, 0,
	  NOT_SUPPORTED | INVALID_PARAMETERS },
	{ 0x0e, 0x10000, "SYSTEM_SUSPEND",          2, true,  false, SPEC_SYSTEM_SUSPEND, 0,
	  NOT_SUPPORTED | INVALID_ADDRESS | DENIED },
	{ 0x0f, 0x10000, "PSCI_SET_SUSPEND_MODE",   1, false, false, SPEC_MODE, 0,
	  NOT_SUPPORTED | INVALID_PARAMETERS | DENIED },
	{ 0x10, 0x10000, "PSCI_STAT_RESIDENCY",     2, true,  false, SPEC_STATS, 0, 0 },
	{ 0x11, 0x10000, "PSCI_STAT_COUNT",         2, true,  false, SPEC_STATS, 0, 0 },
	{ 0x12, 0x10001, "SYSTEM_RESET2",           2, true,  false, SPEC_NOTHING,  0,
	  NOT_SUPPORTED | INVALID_PARAMETERS },
	{ 0x13, 0x10001, "MEM_PROTECT",             1, false, false, SPEC_MEMORY, 0, NOT_SUPPORTED },
	{ 0x14, 0x10001, "MEM_PROTECT_CHECK_RANGE", 2, true,  false, SPEC_MEMORY, 0,
	  NOT_SUPPORTED | DENIED },
	{ 0x15, 0x10003, "SYSTEM_OFF2",             2, true,  false, SPEC_NOTHING,  1,
	  NOT_SUPPORTED | INVALID_PARAMETERS },
	/* clang-format on */
};

const size_t spec_function_count = sizeof(spec_functions) / sizeof(spec_functions[0]);

const uint32_t spec_versions[] = { 0x00002, 0x10000, 0x10001, 0x10002, 0x10003 };

const size_t spec_version_count = sizeof(spec_versions) / sizeof(spec_versions[0]);

const struct spec_function *spec_find(uint32_t number)
{
	return number < spec_function_count ? &spec_functions[number] : NULL;
}

bool spec_offers(uint32_t version, uint32_t fid, uint32_t means)
{
	const bool smc64 = fid >> 30 & 1;
	const struct spec_function *f = spec_find(fid & 0x1f);

	return f && !(f->means & ~means) && f->since <= version && (f->smc64 || !smc64);
}
