/* SPDX-License-Identifier: BSD-3-Clause */
/* MEM_PROTECT and MEM_PROTECT_CHECK_RANGE, as far as they can be observed without a reset. */
#include <stddef.h>

#include "test.h"

/* Addresses without RAM, as far as the device tree's first region tells. */
#define ADDRESS_WITHOUT_RAM (UINT64_C(1) << 38)
#define PAGE 4096

static enum verdict expect_before(uint64_t enable, int64_t expected)
{
	const int64_t before = call1(PSCI_FN32_MEM_PROTECT, enable);

	if (before == expected)
		return pass();
	note("with x1 = %lx", enable);

	return fail_result("MEM_PROTECT", expected, before);
}

/* Aim: the answer is the previous setting; 0 disables and anything else enables. */
static enum verdict toggles(void)
{
	static const struct {
		uint64_t enable;
		int64_t before;
	} steps[] = {
		{ 0, 0 },	  { 1, 0 },	{ 1, 1 }, { 0x80000000, 1 }, { 0, 1 },
		{ 0, 0 },	  { 0x100, 0 }, { 0, 1 }, { UPPER, 0 },	     { 0, 0 },
		{ UPPER | 1, 0 }, { UPPER, 1 }, { 0, 0 },
	};

	if (!offers(PSCI_FN32_MEM_PROTECT))
		return skip("MEM_PROTECT is not there");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const enum verdict verdict = expect_before(steps[i].enable, steps[i].before);

		if (verdict != VERDICT_PASS)
			return verdict;
	}

	return pass();
}

/* --- ranges --- */

static enum verdict expect_range(uint32_t fid, uint64_t base, uint64_t length, int64_t expected)
{
	const int64_t result = call2(fid, base, length);

	return result == expected ? pass()
				  : fail_result("MEM_PROTECT_CHECK_RANGE", expected, result);
}

/* Memory is protected as it is described: as a whole, and in each part. */
static enum verdict check_ram(uint32_t fid)
{
	const uint64_t base = board.memory.base;
	const uint64_t size = board.memory.size;
	const struct region ranges[] = {
		{ base, size },
		{ base, 1 },
		{ base + size - 1, 1 },
		{ base + PAGE, PAGE },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const enum verdict verdict =
			expect_range(fid, ranges[i].base, ranges[i].size, PSCI_RET_SUCCESS);

		if (verdict != VERDICT_PASS)
			return verdict;
	}

	return pass();
}

/* NULL, or why the test cannot run. */
static const char *cannot(void)
{
	if (!offers(PSCI_FN64_MEM_PROTECT_CHECK_RANGE))
		return "MEM_PROTECT_CHECK_RANGE is not there";

	return board.memory.size > 2 * PAGE ? NULL : "the device tree has no memory";
}

/* Aim: a guest's own memory is protected, whether protection is on or not. */
static enum verdict ram_is_protected(void)
{
	const char *trouble = cannot();
	enum verdict verdict;

	if (trouble)
		return skip("%s", trouble);
	verdict = check_ram(PSCI_FN64_MEM_PROTECT_CHECK_RANGE);
	if (verdict != VERDICT_PASS)
		return verdict;
	call1(PSCI_FN32_MEM_PROTECT, 1);
	verdict = check_ram(PSCI_FN64_MEM_PROTECT_CHECK_RANGE);
	call1(PSCI_FN32_MEM_PROTECT, 0);

	return verdict;
}

/* Aim: the upper halves are not part of the SMC32 call. */
static enum verdict smc32_drops_upper_halves(void)
{
	const char *trouble = cannot();

	if (trouble)
		return skip("%s", trouble);
	if (board.memory.base >> 32)
		return skip("memory begins above 4 GiB");

	return expect_range(PSCI_FN32_MEM_PROTECT_CHECK_RANGE, UPPER | board.memory.base,
			    UPPER | PAGE, PSCI_RET_SUCCESS);
}

/*
 * Aim: devices, addresses without RAM, ranges that go beyond memory and an empty range
 * are not protected.
 */
static enum verdict elsewhere_is_denied(void)
{
	const char *trouble = cannot();
	const uint64_t base = board.memory.base;
	const struct region ranges[] = {
		{ ADDRESS_WITHOUT_RAM, PAGE },
		{ board.console.base, PAGE },
		{ base, ADDRESS_WITHOUT_RAM },
		{ base, 0 },
		{ base, UINT64_MAX },
		{ base + PAGE, UINT64_MAX - base },
		{ UINT64_MAX, 2 },
	};

	if (trouble)
		return skip("%s", trouble);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const enum verdict verdict =
			expect_range(PSCI_FN64_MEM_PROTECT_CHECK_RANGE, ranges[i].base,
				     ranges[i].size, PSCI_RET_DENIED);

		if (verdict != VERDICT_PASS)
			return verdict;
	}

	return pass();
}

static const struct test tests[] = {
	{ "PSCI-MEM_PROTECT-30", "it answers what was before, and any number enables", toggles },
	{ "PSCI-MEM_PROTECT_CHECK_RANGE-30", "all memory is protected", ram_is_protected },
	{ "PSCI-MEM_PROTECT_CHECK_RANGE-01", "the SMC32 call drops upper halves",
	  smc32_drops_upper_halves },
	{ "PSCI-MEM_PROTECT_CHECK_RANGE-31", "what is not all memory is DENIED",
	  elsewhere_is_denied },
};

const struct group group_memory = GROUP("memory", tests);
