/* SPDX-License-Identifier: BSD-3-Clause */
/* What DEN0028, the SMC Calling Convention, demands of each call. */
#include <stddef.h>

#include "../arch/arm64/gic.h"
#include "../arch/arm64/string.h"
#include "../arch/arm64/timer.h"
#include "test.h"

#define VECTOR_BYTES (32 * 16)
#define SGI 7

/* Aim: the function id is W0; the upper half of x0 is not part of it. */
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

/* Aim: bit 16 is SVE's hint and not part of the function id, from SMCCC 1.3 on. */
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

/* A call that comes back, which must not change vector registers. */
static enum verdict check_vectors(uint32_t fid, uint64_t argument)
{
	static unsigned char before[VECTOR_BYTES] __attribute__((aligned(16)));
	static unsigned char after[VECTOR_BYTES] __attribute__((aligned(16)));

	for (unsigned int i = 0; i < VECTOR_BYTES; i++)
		before[i] = (unsigned char)(i * 7 + 1);
	memset(after, 0, sizeof(after));
	call_vectors(fid, argument, before, after, board.hvc);
	for (unsigned int i = 0; i < VECTOR_BYTES; i++) {
		if (before[i] != after[i])
			return fail("the call %x changed v%u", fid, i / 16);
	}

	return pass();
}

/* Aim: vector registers are kept: callers may save only those that they use. */
static enum verdict vectors_are_kept(void)
{
	const struct {
		uint32_t fid;
		uint64_t argument;
	} calls[] = {
		{ PSCI_FN32_PSCI_VERSION, 0 },
		{ PSCI_FN64_BASE + 0x1f, 0 },
		{ PSCI_FN32_PSCI_FEATURES, PSCI_FN64_CPU_ON },
		{ PSCI_FN64_AFFINITY_INFO, this_cpu()->affinity },
		{ PSCI_FN64_CPU_ON, this_cpu()->affinity },
		{ PSCI_FN32_MIGRATE_INFO_TYPE, 0 },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const enum verdict verdict = check_vectors(calls[i].fid, calls[i].argument);

		if (verdict != VERDICT_PASS)
			return verdict;
	}

	return pass();
}

/* Aim: they are not lost in standby either, which returns like any call. */
static enum verdict vectors_survive_standby(void)
{
	struct cpu *self = this_cpu();
	const char *trouble = cannot_suspend();
	enum verdict verdict;

	if (trouble)
		return skip("%s", trouble);
	if (is_powerdown(standby_state()))
		return skip("no standby state is known");
	gic_send(self->affinity, self->index, SGI);
	timer_arm(10 * SECOND);
	verdict = check_vectors(PSCI_FN64_CPU_SUSPEND, standby_state());
	timer_disarm();
	take_interrupts();

	return verdict;
}

/* --- upper halves --- */

/* A call that changes nothing; with garbage in the upper half its answer must not change. */
struct narrow {
	uint32_t fid;
	uint32_t argument[2];
};

static enum verdict check_narrow(const struct narrow *call)
{
	const int64_t expected = call2(call->fid, call->argument[0], call->argument[1]);
	const int64_t came =
		call3(call->fid, UPPER | call->argument[0], UPPER | call->argument[1], UPPER);

	if (came == expected)
		return pass();
	note("the call %x with %x and %x", call->fid, call->argument[0], call->argument[1]);

	return fail_result("an SMC32 call with garbage in the upper halves", expected, came);
}

/* Aim: the upper halves are not part of any SMC32 call. */
static enum verdict upper_halves_are_none(void)
{
	const uint32_t self = (uint32_t)this_cpu()->affinity;
	const uint32_t absent = (uint32_t)absent_affinity();
	const uint32_t memory = (uint32_t)board.memory.base;
	const struct narrow calls[] = {
		{ PSCI_FN32_PSCI_VERSION, { 0, 0 } },
		{ PSCI_FN32_AFFINITY_INFO, { self, 0 } },
		{ PSCI_FN32_AFFINITY_INFO, { absent, 0 } },
		{ PSCI_FN32_CPU_ON, { self, 0 } },
		{ PSCI_FN32_MIGRATE, { absent, 0 } },
		{ PSCI_FN32_MIGRATE_INFO_TYPE, { 0, 0 } },
		{ PSCI_FN32_MIGRATE_INFO_UP_CPU, { 0, 0 } },
		{ PSCI_FN32_PSCI_FEATURES, { PSCI_FN32_CPU_ON, 0 } },
		{ PSCI_FN32_PSCI_FEATURES, { PSCI_FN64_BASE + 0x1f, 0 } },
		{ PSCI_FN32_NODE_HW_STATE, { self, 0 } },
		{ PSCI_FN32_PSCI_SET_SUSPEND_MODE, { 2, 0 } },
		{ PSCI_FN32_PSCI_STAT_RESIDENCY, { self, standby_state() } },
		{ PSCI_FN32_PSCI_STAT_COUNT, { self, standby_state() } },
		{ PSCI_FN32_SYSTEM_RESET2, { 0x7ffffffe, 0 } },
		{ PSCI_FN32_MEM_PROTECT, { 0, 0 } },
		{ PSCI_FN32_MEM_PROTECT_CHECK_RANGE, { memory, 4096 } },
		{ PSCI_FN32_MEM_PROTECT_CHECK_RANGE, { memory, 0 } },
		{ PSCI_FN32_SYSTEM_OFF2, { 2, 0 } },
	};

	if (this_cpu()->affinity >> 32 || board.memory.base >> 32)
		return skip("an affinity or memory's address does not fit in 32 bits");
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const enum verdict verdict = check_narrow(&calls[i]);

		if (verdict != VERDICT_PASS)
			return verdict;
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

/* Aim: they kept x4 to x17, too, which SMCCC demands since 1.1. */
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
	{ "PSCI-SMCCC-08", "upper halves are no part of any SMC32 call", upper_halves_are_none },
};

const struct group group_smccc = GROUP("smccc", tests);

/* To be run last, when all calls have been made. */
static const struct test tests_kept[] = {
	{ "PSCI-SMCCC-09", "standby keeps v0 to v31", vectors_survive_standby },
	{ "PSCI-SMCCC-06", "no call changed x18 to x30, SP or DAIF", saved_registers_are_kept },
	{ "PSCI-SMCCC-07", "no call changed x4 to x17", scratch_registers_are_kept },
};

const struct group group_registers = GROUP("registers", tests_kept);
