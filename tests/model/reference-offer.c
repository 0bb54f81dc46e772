/* SPDX-License-Identifier: BSD-3-Clause */
#include "reference.h"

#include <psci/abi.h>

/* What a function needs besides the version. */
enum need {
	NOTHING,
	ENABLED, /**< The host enables it. */
	MEMORY, /**< The host can overwrite memory. */
	TRUSTED_OS, /**< There is one. */
	NEVER,
};

/* By function number: since when, whether there is an SMC64 id, what it needs. */
static const struct {
	uint32_t since;
	bool smc64;
	enum need need;
} functions[] = {
	[0x00] = { PSCI_VERSION_0_2, false, NOTHING }, /* PSCI_VERSION */
	[0x01] = { PSCI_VERSION_0_1, true, NOTHING }, /* CPU_SUSPEND */
	[0x02] = { PSCI_VERSION_0_1, false, NOTHING }, /* CPU_OFF */
	[0x03] = { PSCI_VERSION_0_1, true, NOTHING }, /* CPU_ON */
	[0x04] = { PSCI_VERSION_0_2, true, NOTHING }, /* AFFINITY_INFO */
	[0x05] = { PSCI_VERSION_0_1, true, TRUSTED_OS }, /* MIGRATE */
	[0x06] = { PSCI_VERSION_0_2, false, NOTHING }, /* MIGRATE_INFO_TYPE */
	[0x07] = { PSCI_VERSION_0_2, true, TRUSTED_OS }, /* MIGRATE_INFO_UP_CPU */
	[0x08] = { PSCI_VERSION_0_2, false, NOTHING }, /* SYSTEM_OFF */
	[0x09] = { PSCI_VERSION_0_2, false, NOTHING }, /* SYSTEM_RESET */
	[0x0a] = { PSCI_VERSION_1_0, false, NOTHING }, /* PSCI_FEATURES */
	[0x0b] = { PSCI_VERSION_1_0, false, ENABLED }, /* CPU_FREEZE */
	[0x0c] = { PSCI_VERSION_1_0, true, ENABLED }, /* CPU_DEFAULT_SUSPEND */
	[0x0d] = { PSCI_VERSION_1_0, true, ENABLED }, /* NODE_HW_STATE */
	[0x0e] = { PSCI_VERSION_1_0, true, ENABLED }, /* SYSTEM_SUSPEND */
	[0x0f] = { PSCI_VERSION_1_0, false, ENABLED }, /* PSCI_SET_SUSPEND_MODE */
	[0x10] = { PSCI_VERSION_1_0, true, NEVER }, /* PSCI_STAT_RESIDENCY */
	[0x11] = { PSCI_VERSION_1_0, true, NEVER }, /* PSCI_STAT_COUNT */
	[0x12] = { PSCI_VERSION_1_1, true, NOTHING }, /* SYSTEM_RESET2 */
	[0x13] = { PSCI_VERSION_1_1, false, MEMORY }, /* MEM_PROTECT */
	[0x14] = { PSCI_VERSION_1_1, true, MEMORY }, /* MEM_PROTECT_CHECK_RANGE */
	[0x15] = { PSCI_VERSION_1_3, true, NOTHING }, /* SYSTEM_OFF2 */
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

static bool has(const struct ref_platform *p, uint32_t number)
{
	if (functions[number].since > p->version || (p->disabled >> number & 1) != 0)
		return false;
	/* MEM_PROTECT and MEM_PROTECT_CHECK_RANGE: both or neither. */
	if (functions[number].need == MEMORY)
		return p->memory && (p->disabled & 0x180000) == 0;
	if (functions[number].need == ENABLED)
		return p->enabled >> number & 1;
	/* MIGRATE needs MIGRATE_INFO_UP_CPU beside it, once that exists. */
	if (number == 0x05 && p->version > PSCI_VERSION_0_1 && (p->disabled & 1 << 0x07) != 0)
		return false;
	if (functions[number].need == TRUSTED_OS)
		return p->trusted_os != PSCI_TRUSTED_OS_NONE;

	return functions[number].need == NOTHING;
}

/* 0.1 has ids that the host chooses, and no conventions. */
/* PSCI-PSCI_0_1-30 */
static int offered_0_1(const struct ref_platform *p, uint32_t fid)
{
	const uint32_t ids[] = {
		0, p->fids_0_1.cpu_suspend, p->fids_0_1.cpu_off, p->fids_0_1.cpu_on,
		0, p->fids_0_1.migrate
	};

	for (uint32_t number = 1; number < 6; number++) {
		if (fid != 0 && ids[number] == fid && has(p, number))
			return (int)number;
	}

	return -1;
}

/*
 * PSCI-SMCCC-01 PSCI-SMCCC-02 PSCI-SMCCC-03 PSCI-PSCI_FEATURES-06
 * PSCI-PSCI_FEATURES-07
 */
int ref_offered(const struct ref_machine *m, uint32_t fid, bool aarch32)
{
	const uint32_t id = fid & ~0x10000u;
	const bool smc64 = id >= 0xc4000000;
	const uint32_t number = id - (smc64 ? 0xc4000000 : 0x84000000);

	if (m->platform->version == PSCI_VERSION_0_1)
		return offered_0_1(m->platform, fid);
	if (number >= FUNCTION_COUNT || !has(m->platform, number))
		return -1;
	if (smc64 && !functions[number].smc64)
		return -1;
	if (smc64 && aarch32 && m->platform->version >= PSCI_VERSION_1_0)
		return -1;

	return (int)number;
}

/*
 * PSCI-PSCI_FEATURES-02 PSCI-PSCI_FEATURES-03 PSCI-PSCI_FEATURES-10
 * PSCI-PSCI_FEATURES-30
 */
int32_t ref_features(const struct ref_machine *m, uint32_t fid, bool aarch32)
{
	if ((fid & ~0x10000u) == 0x80000000)
		return PSCI_RET_SUCCESS; /* SMCCC_VERSION */
	switch (ref_offered(m, fid, aarch32)) {
	case -1:
		return PSCI_RET_NOT_SUPPORTED;
	case 0x01: /* OS-initiated mode, extended format */
		return (has(m->platform, 0x0f) ? 1 : 0) | (m->platform->extended_state_id ? 2 : 0);
	case 0x15: /* HIBERNATE_OFF */
		return 1;
	default:
		return 0;
	}
}

bool ref_has_smc64(int number)
{
	return functions[number].smc64;
}
