/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What DEN0028, the SMC Calling Convention, demands of each call.
 */
#include <stddef.h>

#include "runtime/string.h"
#include "test.h"

#define VECTOR_BYTES (32 * 16)

/* Aim: the function id is W0; the upper half of x0 is no part of it. */
static enum verdict function_id_is_w0(void)
{
	const int64_t smc32 = call0(UPPER | PSCI_FN32_PSCI_VERSION);
	int64_t smc64;

	if (smc32 != target.version)
		return fail_result("PSCI_VERSION with garbage above the function id",
				   target.version, smc32);
	smc64 = call2(UPPER | PSCI_FN64_AFFINITY_INFO, this_cpu()->affinity, 0);
	if (smc64 != PSCI_AFFINITY_INFO_ON)
		return fail_result("AFFINITY_INFO with garbage above the function id",
				   PSCI_AFFINITY_INFO_ON, smc64);

	return pass();
}

/* Aim: bit 16 is SVE's hint and no part of the function id, from SMCCC 1.3 on. */
static enum verdict sve_hint_is_ignored(void)
{
	const int64_t result = call0(PSCI_FN32_PSCI_VERSION | SMCCC_SVE_HINT_MASK);

	if (result == target.version)
		return pass();
	if (target.smccc < SMCCC_VERSION_1_3)
		return observe("with SVE's hint, which came with SMCCC 1.3, it answers %ld",
			       result);

	return fail_result("PSCI_VERSION with SVE's hint", target.version, result);
}

/* Aim: bits 23 to 17 are part of the id, and no function has one set. */
static enum verdict reserved_bits_are_unknown(void)
{
	for (unsigned int bit = 17; bit <= 23; bit++) {
		const int64_t result = call0(PSCI_FN32_PSCI_VERSION | UINT32_C(1) << bit);

		if (result != PSCI_RET_NOT_SUPPORTED)
			return fail_result("a function id with a reserved bit",
					   PSCI_RET_NOT_SUPPORTED, result);
	}

	return pass();
}

/* Aim: an error of an SMC64 call is a 64-bit number. */
static enum verdict smc64_errors_are_64_bits(void)
{
	const int64_t result = call0(PSCI_FN64_BASE + 0x1f);

	return result == PSCI_RET_NOT_SUPPORTED
		       ? pass()
		       : fail_result("an unknown SMC64 call", PSCI_RET_NOT_SUPPORTED, result);
}

/* Aim: vector registers are kept, of which callers may save only what they use. */
static enum verdict vectors_are_kept(void)
{
	static unsigned char before[VECTOR_BYTES] __attribute__((aligned(16)));
	static unsigned char after[VECTOR_BYTES] __attribute__((aligned(16)));
	static const uint32_t fids[] = { PSCI_FN32_PSCI_VERSION, PSCI_FN64_BASE + 0x1f };

	for (unsigned int i = 0; i < VECTOR_BYTES; i++)
		before[i] = (unsigned char)(i * 7 + 1);
	for (size_t i = 0; i < sizeof(fids) / sizeof(fids[0]); i++) {
		memset(after, 0, sizeof(after));
		call_vectors(fids[i], board.hvc, before, after);
		for (unsigned int j = 0; j < VECTOR_BYTES; j++) {
			if (before[j] != after[j])
				return fail("the call %x changed v%u", fids[i], j / 16);
		}
	}

	return pass();
}

static const char *clobber_name(const struct clobber *clobber)
{
	if (clobber->reg == CLOBBER_SP)
		return "SP";

	return clobber->reg == CLOBBER_DAIF ? "DAIF" : "x";
}

/* Aim: of all calls so far, on whatever CPU, none changed x18 to x30, SP or DAIF. */
static enum verdict saved_registers_are_kept(void)
{
	if (!clobber_saved.seen)
		return pass();

	return fail("the call %x changed %s%u from %lx to %lx", clobber_saved.fid,
		    clobber_name(&clobber_saved), clobber_saved.reg, clobber_saved.before,
		    clobber_saved.after);
}

/* Aim: nor x4 to x17, which count since SMCCC 1.1. */
static enum verdict scratch_registers_are_kept(void)
{
	if (!clobber_scratch.seen)
		return pass();
	if (target.smccc < SMCCC_VERSION_1_1)
		return observe("the call %x changed x%u, as it may before SMCCC 1.1",
			       clobber_scratch.fid, clobber_scratch.reg);

	return fail("the call %x changed x%u from %lx to %lx", clobber_scratch.fid,
		    clobber_scratch.reg, clobber_scratch.before, clobber_scratch.after);
}

static const struct test tests[] = {
	{ "PSCI-SMCCC-01", "the function id is W0 alone", function_id_is_w0 },
	{ "PSCI-SMCCC-02", "SVE's hint is no part of the function id", sve_hint_is_ignored },
	{ "PSCI-SMCCC-03", "reserved bits make an id unknown", reserved_bits_are_unknown },
	{ "PSCI-SMCCC-04", "errors of SMC64 calls are 64 bits wide", smc64_errors_are_64_bits },
	{ "PSCI-SMCCC-05", "a call keeps v0 to v31", vectors_are_kept },
};

const struct group group_smccc = GROUP("smccc", tests);

/* To be run last, when all calls have been made. */
static const struct test tests_kept[] = {
	{ "PSCI-SMCCC-06", "no call changed x18 to x30, SP or DAIF", saved_registers_are_kept },
	{ "PSCI-SMCCC-07", "no call changed x4 to x17", scratch_registers_are_kept },
};

const struct group group_registers = GROUP("registers", tests_kept);
